"""Hidden tests of `Future`: scenes under the schedule explorer.

The core asks for the states, for those who wait, for callbacks, timeouts and races, on
ordinary inputs; the scenes stand in `future_scenes.py`. The other tests ask for what is
done twice, for timeouts of 0, for SystemExit in callbacks, and set a future on real
threads.
"""

import pytest
from hidden.future_scenes import (
    future_alone,
    future_calls_back,
    future_races,
    future_refuses,
    future_times,
    future_waits,
)

from autograder.student.testing import check
from autograder.student.testing.stories import judge

STEP_4 = "Chapter, step 4."


@pytest.mark.task("Future", weight=3, core=True)
def test_future_in_one_thread(student):
    judge(student.explore(future_alone), STEP_4)


@pytest.mark.task("Future", weight=3, core=True)
def test_future_calls_back(student):
    judge(student.explore(future_calls_back), STEP_4)


@pytest.mark.task("Future", weight=3, core=True)
def test_future_waits(student):
    judge(student.explore(future_waits), STEP_4)


@pytest.mark.task("Future", weight=1, core=True)
def test_future_timeouts(student):
    judge(student.explore(future_times), STEP_4)


@pytest.mark.task("Future", weight=3, core=True)
def test_future_races(student):
    judge(student.explore(future_races), STEP_4)


@pytest.mark.task("Future", weight=3)
def test_future_refuses(student):
    judge(student.explore(future_refuses), STEP_4)


def futures_for_real(lesson, n):
    """Set, cancel and time out futures in real threads, of which one at a time runs."""
    import threading

    futures = [lesson.Future() for _ in range(n)]
    called, seen = [], []

    def run():
        for number, future in enumerate(futures):
            if number % 3 == 0:
                future.cancel()
            elif future.start():
                if number % 3 == 1:
                    future.set_result(number)
                else:
                    future.set_exception(KeyError(number))

    for number, future in enumerate(futures):
        future.add_done_callback(lambda f, number=number: called.append(number))
    try:
        seen.append(futures[1].result(timeout=0.01))
    except Exception as error:
        seen.append(type(error).__name__)
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(8.0)
    for future in futures if not thread.is_alive() else ():
        try:
            seen.append(future.result(timeout=5.0) if future.done() else "not done")
        except Exception as error:
            seen.append(type(error).__name__)
    return called, seen


# Evidence of the submission's own process, which can lie: worth little.
@pytest.mark.task("Future", weight=0.5)
def test_futures_on_real_threads(student):
    n = 30
    called, seen = student.run(futures_for_real, n=n)
    where = f"{n} futures, real threads one after another"
    ends = ["Cancelled", None, "KeyError"]
    want = [k if k % 3 == 1 else ends[k % 3] for k in range(n)]
    check.equal(seen, ["TimeoutError", *want], where=f"{where}: result", look=STEP_4)
    check.equal(called, list(range(n)), where=f"{where}: callbacks", look=STEP_4)
