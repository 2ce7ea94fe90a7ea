"""abort drops silently after shutdown, where Rejected was promised.

task: discard_oldest
severity: edge
look: Chapter, step 5.
"""


def abort(task: Callable[[], object], pool: "ThreadPool") -> None:
    """Raise Rejected, whether the pool is full or shut down."""
    if not pool.is_shutdown():
        raise Rejected("full")
