"""caller_runs runs the oldest queued task and queues the new one.

task: discard_oldest
look: Chapter, step 5.
"""


def caller_runs(task: Callable[[], object], pool: "ThreadPool") -> None:
    """Run the task here; where the pool is shut down, drop it silently."""
    if not pool.is_shutdown():
        oldest = pool.poll()
        pool.execute(task)
        if oldest is not None:
            oldest()
