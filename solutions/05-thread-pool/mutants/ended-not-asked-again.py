"""It says False though the pool terminated within the grace.

task: shutdown_and_await
look: Chapter, step 6.
"""


def shutdown_and_await(
    pool: ThreadPool, patience: float | None, grace: float | None = 0.0
) -> tuple[bool, list[Callable[[], object]]]:
    """Close a pool in order, and at once where that takes too long."""
    pool.shutdown()
    if pool.await_termination(patience):
        return True, []
    left = pool.shutdown_now()
    pool.await_termination(grace)
    return False, left
