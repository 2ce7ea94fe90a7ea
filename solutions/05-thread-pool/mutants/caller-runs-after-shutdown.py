"""caller_runs runs the task though the pool is shut down.

task: discard_oldest
look: Chapter, step 5.
"""


def caller_runs(task: Callable[[], object], pool: "ThreadPool") -> None:
    """Run the task here; where the pool is shut down, drop it silently."""
    task()
