"""discard_oldest drops the new task where the queue is empty.

task: discard_oldest
look: Chapter, step 5.
"""


def discard_oldest(task: Callable[[], object], pool: "ThreadPool") -> None:
    """Drop the oldest queued task and offer this one to the pool anew."""
    if not pool.is_shutdown() and pool.poll() is not None:
        pool.execute(task)
