"""Pools as scenes use them: daemons as workers, and a policy that is not the student's.

So a test of one task does not rest on the functions of another, and leaves no thread.
"""

import threading


class Boom(Exception):
    """What a failing task raises."""


def crew(errors, made=None):
    """A thread factory: daemons that note what leaves `run`, as Java's handlers do."""
    made = [] if made is None else made

    def factory(run):
        def guarded():
            try:
                run()
            except (Exception, SystemExit, KeyboardInterrupt) as error:
                errors.append(error)

        number = len(made) + 1
        made.append(f"worker-{number}")
        return threading.Thread(target=guarded, name=made[-1], daemon=True)

    return factory


def pool_of(m, core, maximum, keep_alive=0.0, capacity=None, errors=None, policy=None):
    """A pool of daemons, whose policy is not the submission's."""

    def refuse(task, pool):
        raise m.Rejected("full")

    factory = crew([] if errors is None else errors)
    return m.ThreadPool(core, maximum, keep_alive, capacity, policy or refuse, factory)


def pool_policy(task, pool):
    """A policy that is never needed."""
    raise Boom("rejected")
