"""After shutdown discard_oldest raises Rejected instead of dropping silently.

task: discard_oldest
look: Chapter, step 5.
"""


def discard_oldest(task: Callable[[], object], pool: "ThreadPool") -> None:
    """Drop the oldest queued task and offer this one to the pool anew."""
    if pool.is_shutdown():
        raise Rejected("shut down")
    pool.poll()
    pool.execute(task)
