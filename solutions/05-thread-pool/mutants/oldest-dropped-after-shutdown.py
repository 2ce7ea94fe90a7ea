"""After shutdown discard_oldest still drops a task that is queued.

task: discard_oldest
look: Chapter, step 5.
"""


def discard_oldest(task: Callable[[], object], pool: "ThreadPool") -> None:
    """Drop the oldest queued task and offer this one to the pool anew."""
    pool.poll()
    if not pool.is_shutdown():
        pool.execute(task)
