"""caller_runs raises Rejected after shutdown instead of dropping silently.

task: discard_oldest
look: Chapter, step 5.
"""


def caller_runs(task: Callable[[], object], pool: "ThreadPool") -> None:
    """Run the task here; where the pool is shut down, drop it silently."""
    if pool.is_shutdown():
        raise Rejected("shut down")
    task()
