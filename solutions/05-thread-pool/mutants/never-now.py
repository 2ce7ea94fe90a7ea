"""shutdown_and_await never calls shutdown_now.

task: shutdown_and_await
look: Chapter, step 6.
"""


def shutdown_and_await(
    pool: ThreadPool, patience: float | None, grace: float | None = 0.0
) -> tuple[bool, list[Callable[[], object]]]:
    """Close a pool in order, and at once where that takes too long."""
    pool.shutdown()
    return pool.await_termination(patience), []
