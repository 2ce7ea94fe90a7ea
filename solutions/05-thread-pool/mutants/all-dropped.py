"""discard_oldest empties the whole queue.

task: discard_oldest
look: Chapter, step 5.
"""


def discard_oldest(task: Callable[[], object], pool: "ThreadPool") -> None:
    """Drop the oldest queued task and offer this one to the pool anew."""
    if not pool.is_shutdown():
        while pool.poll() is not None:
            pass
        pool.execute(task)
