"""Hidden tests of `BoundedQueue`."""

import time

import pytest
from hidden.common import (
    explored,
    gave,
    judge,
    outcome,
    refused,
    said,
    started,
    together,
)

from autograder.student.testing import check

STEP_3 = "Chapter, step 3."


# --- BoundedQueue -------------------------------------------------------------------


def queue_in_order(m):
    """BoundedQueue used by one thread: order, length, None as an item, no waiting"""
    queue = m.BoundedQueue(3)
    assert len(queue) == 0, f"an empty queue has length {len(queue)}"
    for item in (1, None, 3):
        queue.put(item)
    assert len(queue) == 3, f"after three puts the length is {len(queue)}"
    refused(
        outcome(queue.put, 4, timeout=0), "TimeoutError", "put(timeout=0) when full"
    )
    refused(outcome(queue.put, 4, -1.0), "TimeoutError", "put with a timeout below 0")
    got = [queue.get(), queue.get(timeout=0), queue.get(-1)]
    assert got == [1, None, 3], f"got {got}, put 1, None, 3"
    refused(outcome(queue.get, timeout=0), "TimeoutError", "get(timeout=0) when empty")
    refused(outcome(queue.get, -2), "TimeoutError", "get with a timeout below 0")
    assert len(queue) == 0, "what was refused must not be in the queue"
    queue.put(5, timeout=0)
    gave(outcome(queue.get, timeout=0), 5, "get(timeout=0) with an item there")


def queue_sizes(m):
    """BoundedQueue with other capacities: none, one, and below zero"""
    free, one = m.BoundedQueue(), m.BoundedQueue(capacity=1)
    for item in range(50):
        free.put(item, timeout=0)
    assert len(free) == 50, "a queue without a bound must take 50 items"
    one.put("a")
    refused(outcome(one.put, "b", 0), "TimeoutError", "a second put, capacity 1,")
    for capacity in (-1, -5):
        got = outcome(m.BoundedQueue, capacity)
        assert got == ("raised", "ValueError"), (
            f"capacity {capacity} must raise ValueError"
        )
    nothing = outcome(m.BoundedQueue(None).get, 0)
    refused(nothing, "TimeoutError", "get from an empty queue without a bound")


def queue_two_takers(m):
    """BoundedQueue: two threads wait in get, and two items are put"""
    queue, got = m.BoundedQueue(None), []

    def taker_1():
        got.append(queue.get())

    def taker_2():
        got.append(queue.get())

    threads = started(taker_1, taker_2)
    queue.put("a")
    queue.put("b")
    for thread in threads:
        thread.join()
    assert sorted(got) == ["a", "b"], f"put 'a' and 'b', got {got}"


def queue_two_givers(m):
    """BoundedQueue(1): two threads put three items, one gets them"""
    queue, got = m.BoundedQueue(1), []

    def giver_1():
        queue.put(1)
        queue.put(2)

    def giver_2():
        queue.put(-1)

    threads = started(giver_1, giver_2)
    for _ in range(3):
        got.append(queue.get())
        assert len(queue) <= 1, "more items inside than the capacity"
    for thread in threads:
        thread.join()
    assert sorted(got) == [-1, 1, 2], f"put 1, 2 and -1, got {got}"
    assert got.index(1) < got.index(2), "one thread's items changed their order"
    assert len(queue) == 0, "everything was got, but the queue is not empty"


def queue_two_and_two(m):
    """BoundedQueue(1): two threads put, two get"""
    queue, got = m.BoundedQueue(1), []

    def giver_1():
        queue.put(1)

    def giver_2():
        queue.put(2)

    def taker_1():
        got.append(queue.get())

    def taker_2():
        got.append(queue.get())

    together(taker_1, taker_2, giver_1, giver_2)
    assert sorted(got) == [1, 2], f"put 1 and 2, got {got}"


def queue_takers_and_close(m):
    """BoundedQueue: two threads wait in get when it is closed"""
    queue, got = m.BoundedQueue(2), []

    def taker_1():
        got.append(outcome(queue.get))

    def taker_2():
        got.append(outcome(queue.get, 60.0))

    threads = started(taker_1, taker_2)
    queue.close()
    for thread in threads:
        thread.join()
    assert time.monotonic() < 60, "close must wake a get that has a timeout, too"
    for one in got:
        refused(one, "Closed", "get, waiting when the queue is closed,")


def queue_givers_and_close(m):
    """BoundedQueue(1), full: two threads wait in put when it is closed"""
    queue, got = m.BoundedQueue(1), []
    queue.put("old")

    def giver_1():
        got.append(outcome(queue.put, 1))

    def giver_2():
        got.append(outcome(queue.put, 2, 60.0))

    threads = started(giver_1, giver_2)
    queue.close()
    for thread in threads:
        thread.join()
    assert time.monotonic() < 60, "close must wake a put that has a timeout, too"
    for one in got:
        refused(one, "Closed", "put, waiting when the queue is closed,")
    assert len(queue) == 1, "an item whose put raised Closed is in the queue"


def queue_after_close(m):
    """BoundedQueue, closed: what is inside can be got, nothing can be put"""
    queue = m.BoundedQueue(3)
    queue.put(1)
    queue.put(2)
    queue.close()
    gave(outcome(queue.close), None, "close on a closed queue")
    refused(outcome(queue.put, 3), "Closed", "put after close")
    refused(outcome(queue.put, 3, 0), "Closed", "put(timeout=0) after close")
    gave(outcome(queue.get), 1, "get after close, with items inside,")
    gave(outcome(queue.get, 0), 2, "get(timeout=0) after close, with an item inside,")
    refused(outcome(queue.get), "Closed", "get from a closed, empty queue")
    refused(outcome(queue.get, 0), "Closed", "get(timeout=0) from it")
    full = m.BoundedQueue(1)
    full.put(1)
    full.close()
    refused(outcome(full.put, 2, 0), "Closed", "put(timeout=0) into a closed, full one")


def queue_close_races(m):
    """BoundedQueue(1): put, get and close at the same time lose no item"""
    queue, put, got = m.BoundedQueue(1), [], []

    def giver():
        for item in (1, 2):
            if outcome(queue.put, item)[0] == "gave":
                put.append(item)

    def taker():
        while (one := outcome(queue.get))[0] == "gave":
            got.append(one[1])
        refused(one, "Closed", "get")

    threads = started(giver, taker)
    queue.close()
    for thread in threads:
        thread.join()
    assert got == put, f"put {put} without an error, got {got}"


def queue_timeouts(m):
    """BoundedQueue: timeouts last as long as they say, whoever wakes in between"""
    queue = m.BoundedQueue(1)
    ends = {}

    def taker():
        ends["get"] = outcome(queue.get, timeout=5.0), time.monotonic()

    def closer():
        time.sleep(2.0)
        queue.put("x")
        queue.put("y", timeout=0.5)

    def other():
        time.sleep(1.0)
        ends["first"] = outcome(queue.get, 0.5), time.monotonic()

    together(taker, other)
    assert ends["first"] == (("raised", "TimeoutError"), 1.5), "get(timeout=0.5)"
    assert ends["get"][1] == 5.0, f"get(timeout=5.0) took {ends['get'][1]:g} s"
    refused(ends["get"][0], "TimeoutError", "get(timeout=5.0)")
    queue.put("full")
    begun = time.monotonic()
    got = outcome(queue.put, "more", timeout=3.0)
    took = time.monotonic() - begun
    assert took == 3.0, f"put(timeout=3.0) took {took:g} s"
    refused(got, "TimeoutError", "put(timeout=3.0) into a full queue")
    assert len(queue) == 1, "an item whose put timed out is in the queue"


def queue_put_is_robbed(m):
    """BoundedQueue(1), full: a put is woken, and another one takes the room"""
    queue, ends = m.BoundedQueue(1), {}
    queue.put("old")

    def giver():
        ends["put"] = outcome(queue.put, "new", timeout=3.0), time.monotonic()

    def robber():
        time.sleep(1.0)
        queue.get()
        ends["robbed"] = outcome(queue.put, "other", timeout=0)[0] == "gave"

    together(giver, robber)
    want = (("raised", "TimeoutError"), 3.0)
    want = want if ends["robbed"] else (("gave", None), 1.0)
    assert ends["put"] == want, f"put(timeout=3.0), and when: {ends['put']}"
    assert len(queue) == 1, f"{len(queue)} items are inside, the capacity is 1"


def queue_put_timeout_races(m):
    """BoundedQueue(1), full: a put times out, or not, while another thread gets"""
    queue, ends = m.BoundedQueue(1), []
    queue.put("old")

    def giver():
        ends.append(outcome(queue.put, "new", timeout=1.0))

    def taker():
        time.sleep(1.0)
        ends.append(queue.get())

    together(giver, taker)
    put = ("gave", None) in ends
    rest = outcome(queue.get, 0)
    want = ("gave", "new") if put else ("raised", "TimeoutError")
    assert rest == want, (
        f"the put {'worked' if put else 'failed'}, then get {said(rest)}"
    )


def queue_get_timeout_races(m):
    """BoundedQueue: a get times out, or not, while another thread puts"""
    queue, ends = m.BoundedQueue(1), []

    def taker():
        ends.append(outcome(queue.get, timeout=1.0))

    def giver():
        time.sleep(1.0)
        queue.put("new")

    together(taker, giver)
    inside = len(queue)
    want = 0 if ends == [("gave", "new")] else 1
    assert inside == want, f"get {said(ends[0])}, and {inside} items are inside"


def queue_hand_off(m):
    """BoundedQueue(0): an item passes only to a get that waits"""
    queue, log = m.BoundedQueue(0), []
    kept = sum(outcome(queue.put, n, timeout=0)[0] == "gave" for n in range(3))
    assert kept == 0, f"{kept} of 3 puts worked, though no get waits"
    refused(outcome(queue.get, timeout=0), "TimeoutError", "get(timeout=0), no put,")
    refused(
        outcome(queue.put, 0, timeout=1.0), "TimeoutError", "put(timeout=1), no get,"
    )
    assert time.monotonic() == 1.0, "put(timeout=1.0) must wait for one second"
    assert len(queue) == 0, "a hand-off keeps no item that nobody takes"

    def taker():
        time.sleep(1.0)
        log.append("takes")
        log.append(queue.get())

    thread = started(taker)[0]
    queue.put("a")
    assert log[:1] == ["takes"], "put returned before anybody wanted the item"
    thread.join()
    assert log == ["takes", "a"], f"the item handed over is 'a', got {log[1:]}"
    waiter = started(taker)[0]
    time.sleep(2.0)
    gave(outcome(queue.put, "b", timeout=0), None, "put(timeout=0), a get waits,")
    second = outcome(queue.put, "c", timeout=0)
    refused(second, "TimeoutError", "a second put(timeout=0), one get waits,")
    waiter.join()
    assert log[-1] == "b", f"the item handed over is 'b', got {log[-1]!r}"


def queue_hand_offs(m):
    """BoundedQueue(0): two threads put, two get"""
    queue, got = m.BoundedQueue(0), []

    def giver_1():
        queue.put(1)

    def giver_2():
        queue.put(2)

    def taker_1():
        got.append(queue.get())

    def taker_2():
        got.append(queue.get())

    together(taker_1, giver_1, giver_2, taker_2)
    assert sorted(got) == [1, 2], f"put 1 and 2, got {got}"
    assert len(queue) == 0, "everything was got, but the queue is not empty"


def queue_hand_off_closed(m):
    """BoundedQueue(0): closed while threads wait in put and get"""
    queue, ends = m.BoundedQueue(0), []

    def giver():
        ends.append(outcome(queue.put, 1))

    def other():
        ends.append(outcome(queue.put, 2))

    threads = started(giver, other)
    queue.close()
    for thread in threads:
        thread.join()
    for one in ends:
        refused(one, "Closed", "put, with no get before close,")
    refused(outcome(queue.get, 0), "Closed", "get from a closed hand-off")


def queue_hand_off_timeout(m):
    """BoundedQueue(0): a get times out, or not, while another thread puts"""
    queue, ends = m.BoundedQueue(0), {}

    def taker():
        ends["get"] = outcome(queue.get, timeout=1.0)

    def giver():
        time.sleep(1.0)
        ends["put"] = outcome(queue.put, "x", timeout=1.0)

    together(taker, giver)
    worked = ends["get"] == ("gave", "x"), ends["put"] == ("gave", None)
    text = f"put {said(ends['put'])}, get {said(ends['get'])}"
    assert worked[0] == worked[1], f"either both succeed or neither does: {text}"


def queue_join(m):
    """BoundedQueue.join: two threads wait until all items are dealt with"""
    queue, done, seen = m.BoundedQueue(None), [], []

    def worker():
        for _ in range(2):
            item = queue.get()
            done.append(item)
            queue.task_done()

    def joiner():
        seen.append((queue.join(), list(done)))

    queue.put("a")
    queue.put("b")
    threads = started(joiner, worker)
    seen.append((queue.join(), list(done)))
    for thread in threads:
        thread.join()
    assert seen == [(True, ["a", "b"])] * 2, f"join gave, after which items: {seen}"


def queue_join_edges(m):
    """BoundedQueue.task_done and join, at the edges"""
    queue = m.BoundedQueue(2)
    gave(outcome(queue.join), True, "join on a queue that nothing was put into")
    refused(outcome(queue.task_done), "ValueError", "task_done before any put")
    queue.put(1)
    begun = time.monotonic()
    gave(outcome(queue.join, timeout=2.0), False, "join(timeout=2.0), an item inside,")
    took = time.monotonic() - begun
    assert took == 2.0, f"join(timeout=2.0) took {took:g} s"
    queue.get()
    gave(outcome(queue.join, 0), False, "join(timeout=0), an item got but not done,")
    queue.put(2)
    queue.task_done()
    gave(outcome(queue.join, 0), False, "join(timeout=0), one of two items done,")
    queue.task_done()
    gave(outcome(queue.join, 0), True, "join(timeout=0), all items done,")
    refused(outcome(queue.task_done), "ValueError", "task_done beyond the puts")
    queue.put(3)
    gave(outcome(queue.join, 0), False, "join(timeout=0), after another put,")
    refused(outcome(queue.put, 4, 0), "TimeoutError", "put(timeout=0) when full")
    queue.task_done()
    gave(outcome(queue.join, 0), True, "join, though a put timed out meanwhile,")
    queue.close()
    gave(outcome(queue.join), True, "join on a closed queue, all items done,")


def queue_join_after_close(m):
    """BoundedQueue.join waits for items that are inside when the queue is closed"""
    queue, done = m.BoundedQueue(None), []
    queue.put("a")
    queue.close()

    def worker():
        queue.get()
        done.append("a")
        queue.task_done()

    thread = started(worker)[0]
    queue.join()
    assert done == ["a"], "join returned before the item was dealt with"
    thread.join()


def queue_count(m):
    """BoundedQueue: two threads report items as done at the same time"""
    queue = m.BoundedQueue(None)
    queue.put(1)
    queue.put(2)
    together(queue.task_done, queue.task_done)
    gave(outcome(queue.join, 0), True, "join, both items being done,")


def queue_alone(program):
    bodies = [queue_in_order, queue_sizes, queue_after_close, queue_join_edges]
    return explored(program, bodies, bound=0, schedules=1)


def queue_waits(program):
    bodies = [queue_two_takers, queue_two_givers, queue_two_and_two, queue_join]
    return explored(program, bodies, spurious=True)


def queue_closes(program):
    bodies = [queue_takers_and_close, queue_givers_and_close, queue_close_races]
    bodies += [queue_join_after_close]
    return explored(program, bodies, spurious=True)


def queue_times(program):
    bodies = [queue_put_timeout_races, queue_get_timeout_races, queue_timeouts]
    bodies += [queue_put_is_robbed]
    return explored(program, bodies, spurious=True)


def queue_hands(program):
    bodies = [queue_hand_off, queue_hand_offs, queue_hand_off_closed]
    bodies += [queue_hand_off_timeout]
    return explored(program, bodies, spurious=True)


def queue_counts(program):
    watched = {"watched": ["BoundedQueue"], "races": False}
    return explored(program, [queue_count], bound=1, **watched)


@pytest.mark.task("BoundedQueue", weight=2)
def test_queue_in_one_thread(student):
    judge(student.explore(queue_alone), STEP_3)


@pytest.mark.task("BoundedQueue", weight=3)
def test_queue_waits_and_wakes(student):
    judge(student.explore(queue_waits), STEP_3)


@pytest.mark.task("BoundedQueue", weight=2)
def test_queue_closes(student):
    judge(student.explore(queue_closes), STEP_3)


@pytest.mark.task("BoundedQueue", weight=2)
def test_queue_timeouts(student):
    judge(student.explore(queue_times), STEP_3)


@pytest.mark.task("BoundedQueue", weight=2)
def test_queue_hands_over(student):
    judge(student.explore(queue_hands), STEP_3)


@pytest.mark.task("BoundedQueue", weight=1)
def test_queue_counts(student):
    judge(student.explore(queue_counts), STEP_3)


def queue_under_load(lesson, capacity, givers, takers, each):
    """Return what real threads got from a queue, and what was left undone."""
    import threading
    import time

    end = time.monotonic() + 6  # it takes a tenth of a second

    def left():
        return max(end - time.monotonic(), 0.1)

    queue = lesson.BoundedQueue(capacity)
    got = [[] for _ in range(takers)]
    failed = []

    def guarded(call, *args):
        def run():
            try:
                call(*args)
            except Exception as error:
                failed.append(type(error).__name__)

        return threading.Thread(target=run, daemon=True)

    def give(number):
        for item in range(each):
            queue.put((number, item))

    def take(number):
        while True:
            try:
                item = queue.get()
            except lesson.Closed:
                return
            got[number].append(item)
            queue.task_done()

    taking = [guarded(take, n) for n in range(takers)]
    giving = [guarded(give, n) for n in range(givers)]
    for thread in taking + giving:
        thread.start()
    for thread in giving:
        thread.join(left())
    joined = None if any(t.is_alive() for t in giving) else queue.join(timeout=left())
    queue.close()
    for thread in taking:
        thread.join(left())
    alive = sum(thread.is_alive() for thread in taking + giving)
    return got, failed, joined, alive


@pytest.mark.task("BoundedQueue", weight=2, repeatable=False)
def test_queue_under_load(student):
    loads = {1: (4, 3, 150), 7: (3, 4, 200), None: (2, 2, 300), 0: (2, 3, 100)}
    seen = {}
    for capacity, (g, t, n) in loads.items():
        seen[capacity] = student.run(
            queue_under_load, capacity=capacity, givers=g, takers=t, each=n
        )
        if seen[capacity][-1]:
            break  # threads that never end would slow the others down
    for capacity, (got, failed, joined, alive) in seen.items():
        givers, _, each = loads[capacity]
        where = f"BoundedQueue({capacity}), real threads, {givers * each} items"
        check.equal(failed, [], where=f"{where}: exceptions in threads", look=STEP_3)
        check.equal(alive, 0, where=f"{where}: threads that never end", look=STEP_3)
        check.equal(joined, True, where=f"{where}: join", look=STEP_3)
        items = sorted(item for mine in got for item in mine)
        want = [(giver, n) for giver in range(givers) for n in range(each)]
        evidence = f"{len(items)} items came out, {len(set(items))} different ones"
        check.true(items == want, where=where, evidence=evidence, look=STEP_3)
        for mine in got:
            for giver in range(givers):
                ours = [n for who, n in mine if who == giver]
                evidence = "one thread got another's items in a different order"
                check.true(ours == sorted(ours), where=where, evidence=evidence)
