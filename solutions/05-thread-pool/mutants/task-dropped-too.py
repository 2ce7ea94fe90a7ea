"""discard_oldest drops the oldest task and the new one.

task: discard_oldest
look: Chapter, step 5.
"""


def discard_oldest(task: Callable[[], object], pool: "ThreadPool") -> None:
    """Drop the oldest queued task and offer this one to the pool anew."""
    if not pool.is_shutdown():
        pool.poll()
