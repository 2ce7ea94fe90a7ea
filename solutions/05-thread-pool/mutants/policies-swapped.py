"""discard and abort have changed places.

task: discard_oldest
look: Chapter, step 5.
"""


def abort(task: Callable[[], object], pool: "ThreadPool") -> None:
    """Raise Rejected, whether the pool is full or shut down."""
    del task


def discard(task: Callable[[], object], pool: "ThreadPool") -> None:
    raise Rejected("discarded")
