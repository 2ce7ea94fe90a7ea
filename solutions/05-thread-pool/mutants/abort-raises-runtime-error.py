"""abort raises RuntimeError, not Rejected.

task: discard_oldest
look: Chapter, step 5.
"""


def abort(task: Callable[[], object], pool: "ThreadPool") -> None:
    """Raise Rejected, whether the pool is full or shut down."""
    raise RuntimeError("shut down" if pool.is_shutdown() else "full")
