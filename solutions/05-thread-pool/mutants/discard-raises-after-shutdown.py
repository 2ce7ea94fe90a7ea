"""discard raises Rejected after shutdown.

task: discard_oldest
look: Chapter, step 5.
"""


def discard(task: Callable[[], object], pool: "ThreadPool") -> None:
    if pool.is_shutdown():
        raise Rejected("shut down")
