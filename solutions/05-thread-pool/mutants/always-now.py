"""shutdown_and_await calls shutdown_now at once: no patience.

task: shutdown_and_await
look: Chapter, step 6.
"""


def shutdown_and_await(
    pool: ThreadPool, patience: float | None, grace: float | None = 0.0
) -> tuple[bool, list[Callable[[], object]]]:
    """Close a pool in order, and at once where that takes too long."""
    left = pool.shutdown_now()
    return pool.await_termination(grace), left
