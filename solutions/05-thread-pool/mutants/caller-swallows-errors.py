"""caller_runs swallows what the task raises.

task: discard_oldest
look: Chapter, step 5.
"""


def caller_runs(task: Callable[[], object], pool: "ThreadPool") -> None:
    """Run the task here; where the pool is shut down, drop it silently."""
    if not pool.is_shutdown():
        try:
            task()
        except Exception as error:
            del error
