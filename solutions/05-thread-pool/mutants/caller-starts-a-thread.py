"""caller_runs runs the task in a new thread, not in the caller.

task: discard_oldest
look: Chapter, step 5.
"""


def caller_runs(task: Callable[[], object], pool: "ThreadPool") -> None:
    """Run the task here; where the pool is shut down, drop it silently."""
    if not pool.is_shutdown():
        thread = threading.Thread(target=task, name="extra")
        thread.start()
        thread.join()
