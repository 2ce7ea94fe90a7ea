"""discard_oldest runs the oldest task in the caller instead of dropping it.

task: discard_oldest
look: Chapter, step 5.
"""


def discard_oldest(task: Callable[[], object], pool: "ThreadPool") -> None:
    """Drop the oldest queued task and offer this one to the pool anew."""
    if not pool.is_shutdown():
        oldest = pool.poll()
        if oldest is not None:
            oldest()
        pool.execute(task)
