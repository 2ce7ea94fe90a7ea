"""discard_oldest drops the newest queued task, not the oldest.

task: discard_oldest
look: Chapter, step 5.
"""


def discard_oldest(task: Callable[[], object], pool: "ThreadPool") -> None:
    """Drop the oldest queued task and offer this one to the pool anew."""
    if not pool.is_shutdown():
        kept = []
        while (queued := pool.poll()) is not None:
            kept.append(queued)
        for other in [*kept[:-1], task]:
            pool.execute(other)
