"""shutdown_and_await calls shutdown_now even where the pool terminated in time.

task: shutdown_and_await
look: Chapter, step 6.
"""


def shutdown_and_await(
    pool: ThreadPool, patience: float | None, grace: float | None = 0.0
) -> tuple[bool, list[Callable[[], object]]]:
    """Close a pool in order, and at once where that takes too long."""
    pool.shutdown()
    ended = pool.await_termination(patience)
    left = pool.shutdown_now()
    return ended or pool.await_termination(grace), left
