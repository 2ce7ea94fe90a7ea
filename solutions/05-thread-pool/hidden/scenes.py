"""Scenes: small programs of two to four threads that the schedule explorer runs.

A scene is a function of the submission's module that asserts what must hold under every
schedule; its docstring is what a student reads as the place of a failure. `explored`
runs beside the submission; what came back is judged in the grader, by `stories.judge`.
"""

import re
import threading
import time

#: At most so many schedules a scene with up to two preemptions, where a wake-up for no
#: reason counts as one, and so many random ones after them.
RULES = {"bound": 2, "schedules": 250, "random_schedules": 20}
ONE_SCHEDULE = {"bound": 0, "schedules": 1, "random_schedules": 3}
#: No thread gives way that could go on: what a thread does between two waits is one.
NO_PREEMPTION = {"bound": 0, "schedules": 40, "random_schedules": 0}


def explored(program, scenes, **options):
    """Explore scenes up to the first that fails; return what was found in each."""
    rules = {**RULES, **options}
    seen = []
    for scene in scenes:
        found = program.explore(scene, **rules)
        where = " ".join((scene.__doc__ or scene.__name__).split())
        seen.append({"where": where, "found": found, "said": essence(found)})
        if found["kind"] != "ok":
            break
    return seen


def alone(program, scenes):
    """Run scenes whose threads take turns by themselves: few schedules are enough."""
    return explored(program, scenes, **ONE_SCHEDULE)


def essence(found):
    """What a scene's assertion said: it tells mistakes apart where stories differ."""
    text = found["message"].partition("AssertionError: ")[2]
    return re.split(r" at line \d+$", text)[0]


def started(*calls):
    """Start a thread for each call, named like its function."""
    threads = []
    for call in calls:
        thread = threading.Thread(target=call, name=call.__name__)
        threads.append(thread)
        thread.start()
    return threads


def together(*calls):
    """Run the calls in threads of their own until all have ended."""
    for thread in started(*calls):
        thread.join()


def settle():
    """Wait until nobody else can run: virtual time passes only then."""
    time.sleep(0.001)


def outcome(call, *args, **kwargs):
    """Return ("gave", value) or ("raised", the exception's name)."""
    try:
        return "gave", call(*args, **kwargs)
    except NotImplementedError:
        raise
    except Exception as error:
        return "raised", type(error).__name__


def timed(call, *args, **kwargs):
    """Return the outcome of a call, and the seconds that it took."""
    begun = time.monotonic()
    return outcome(call, *args, **kwargs), time.monotonic() - begun


def gave(got, want, what):
    """Assert the outcome of a call; a program's own exception is a kind of outcome."""
    assert got == ("gave", want), f"{what} {said(got)} instead of giving {want!r}"


def refused(got, name, what):
    """Assert that a call raised that exception."""
    assert got == ("raised", name), f"{what} {said(got)} instead of raising {name}"


def lasted(got, seconds, what):
    """Assert how long a call took."""
    assert got == seconds, f"{what} took {got:g} s instead of {seconds:g} s"


def said(got):
    """Put an outcome into words."""
    return f"{got[0]} {got[1]!r}" if got[0] == "gave" else f"raised {got[1]}"
