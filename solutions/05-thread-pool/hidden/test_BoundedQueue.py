"""Hidden tests of `BoundedQueue`: scenes under the schedule explorer.

The core asks for the order, the capacity, the wake-ups, closing, timeouts, hand-offs
and `join`, on ordinary inputs; the scenes stand in `queue_scenes.py` and
`queue_time_scenes.py`. The other tests ask for timeouts of 0, items that are None and
refusals, for what happens when a timeout runs out just as the queue changes, and run a
queue on real threads.
"""

import pytest
from hidden.queue_scenes import (
    queue_closes,
    queue_counts,
    queue_in_one_thread,
    queue_refuses,
    queue_waits,
)
from hidden.queue_time_scenes import (
    queue_at_the_end,
    queue_gives_up,
    queue_hands,
    queue_times,
)

from autograder.student.testing import check
from autograder.student.testing.stories import judge

STEP_3 = "Chapter, step 3."


@pytest.mark.task("BoundedQueue", weight=3, core=True)
def test_queue_in_one_thread(student):
    judge(student.explore(queue_in_one_thread), STEP_3)


@pytest.mark.task("BoundedQueue", weight=3, core=True)
def test_queue_waits_and_wakes(student):
    judge(student.explore(queue_waits), STEP_3)


@pytest.mark.task("BoundedQueue", weight=2, core=True)
def test_queue_closes(student):
    judge(student.explore(queue_closes), STEP_3)


@pytest.mark.task("BoundedQueue", weight=2, core=True)
def test_queue_timeouts(student):
    judge(student.explore(queue_times), STEP_3)


@pytest.mark.task("BoundedQueue", weight=2, core=True)
def test_queue_hands_over(student):
    judge(student.explore(queue_hands), STEP_3)


@pytest.mark.task("BoundedQueue", weight=1, core=True)
def test_queue_counts(student):
    judge(student.explore(queue_counts), STEP_3)


@pytest.mark.task("BoundedQueue", weight=2)
def test_queue_refuses(student):
    judge(student.explore(queue_refuses), STEP_3)


@pytest.mark.task("BoundedQueue", weight=2)
def test_queue_gives_up(student):
    judge(student.explore(queue_gives_up), STEP_3)


@pytest.mark.task("BoundedQueue", weight=1)
def test_queue_at_the_end_of_a_timeout(student):
    judge(student.explore(queue_at_the_end), STEP_3)


def queue_for_real(lesson, n):
    """Put, get, time out and close in real threads, of which one at a time runs."""
    import threading

    queue, log = lesson.BoundedQueue(n), []

    def note(call, *args):
        try:
            log.append(call(*args))
        except Exception as error:
            log.append(type(error).__name__)

    def give():
        for item in range(n):
            queue.put(item, 5.0)
        note(queue.put, n, 0.01)

    def take():
        for _ in range(n):
            log.append(queue.get())
            queue.task_done()
        note(queue.get, 0.01)
        note(queue.join, 0.01)

    def end():
        queue.close()
        note(queue.get)
        note(queue.put, 1)

    for call in (give, take, end):
        thread = threading.Thread(target=call, daemon=True)
        thread.start()
        thread.join(8.0)
        if thread.is_alive():
            log.append("and this thread does not end")
            break
    return log


# Evidence of the submission's own process, which can lie: worth little.
@pytest.mark.task("BoundedQueue", weight=0.5)
def test_queue_on_real_threads(student):
    n = 50
    got = student.run(queue_for_real, n=n)
    where = f"BoundedQueue({n}), real threads one after another"
    want = ["TimeoutError", *range(n), "TimeoutError", True, "Closed", "Closed"]
    check.equal(got, want, where=where, look=STEP_3)
