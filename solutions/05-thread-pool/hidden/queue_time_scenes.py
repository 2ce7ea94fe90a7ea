"""Scenes of `BoundedQueue`: timeouts and hand-offs.

More than 400 lines: many short scenes, which two tests explore.
"""

import time

from hidden.scenes import (
    NO_PREEMPTION,
    ONE_SCHEDULE,
    explored,
    gave,
    lasted,
    outcome,
    refused,
    said,
    started,
    timed,
    together,
)

# --- timeouts -----------------------------------------------------------------------


def queue_get_lasts(m):
    """BoundedQueue.get: its timeout is the time of the whole call"""
    queue, ends = m.BoundedQueue(1), {}

    def taker():
        ends["get"] = timed(queue.get, timeout=5.0)

    thread = started(taker)[0]
    time.sleep(1.0)
    assert queue.join(0.5) is True, "nothing was put, join must give True"
    time.sleep(2.0)
    thread.join()
    refused(ends["get"][0], "TimeoutError", "get(timeout=5.0)")
    lasted(ends["get"][1], 5.0, "get(timeout=5.0)")


def queue_others_last(m):
    """BoundedQueue(0), and without a bound: timeouts are those of the whole call"""
    hand, free, ends = m.BoundedQueue(0), m.BoundedQueue(), []

    def waiter():
        for call, *args in ((hand.put, 1), (hand.get,), (free.get,)):
            ends.append(timed(call, *args, timeout=5.0))

    thread = started(waiter)[0]
    for _ in range(7):
        time.sleep(2.0)
    thread.join()
    for end, what in zip(ends, ("put", "get", "get"), strict=True):
        refused(end[0], "TimeoutError", f"{what}(timeout=5.0)")
        lasted(end[1], 5.0, f"{what}(timeout=5.0)")


def queue_put_lasts(m):
    """BoundedQueue.put: its timeout is the time of the whole call"""
    queue, ends = m.BoundedQueue(1), {}
    queue.put("old")

    def giver():
        ends["put"] = timed(queue.put, "new", timeout=5.0)

    thread = started(giver)[0]
    time.sleep(1.0)
    assert len(queue) == 1, "the put that waits has put its item"
    time.sleep(2.0)
    thread.join()
    refused(ends["put"][0], "TimeoutError", "put(timeout=5.0) into a full queue")
    lasted(ends["put"][1], 5.0, "put(timeout=5.0)")
    assert len(queue) == 1, "an item whose put timed out is in the queue"


def queue_join_lasts(m):
    """BoundedQueue.join: its timeout is the time of the whole call"""
    queue, ends = m.BoundedQueue(2), {}
    queue.put("a")
    queue.put("b")

    def joiner():
        ends["join"] = timed(queue.join, timeout=5.0)

    thread = started(joiner)[0]
    time.sleep(1.0)
    queue.get()
    queue.task_done()
    time.sleep(2.0)
    thread.join()
    gave(ends["join"][0], False, "join(timeout=5.0), one of two items done,")
    lasted(ends["join"][1], 5.0, "join(timeout=5.0)")


def queue_put_is_robbed(m):
    """BoundedQueue(1), full: a put is woken, and another one takes the room"""
    queue, ends = m.BoundedQueue(1), {}
    queue.put("old")

    def giver():
        ends["put"] = outcome(queue.put, "new", timeout=3.0), time.monotonic()

    def robber():
        time.sleep(1.0)
        queue.get()
        ends["robbed"] = outcome(queue.put, "other", timeout=0.5)[0] == "gave"

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


def queue_put_gives_up(m):
    """BoundedQueue(1), full: puts time out as an item is got, and another put waits"""
    queue, ends = m.BoundedQueue(1), []
    queue.put("old")

    def hasty_1():
        ends.append(outcome(queue.put, "hasty", timeout=1.0))

    def hasty_2():
        ends.append(outcome(queue.put, "hasty", timeout=0.75))

    def patient():
        queue.put("patient")

    threads = []
    for call in (hasty_1, hasty_2, patient):
        threads += started(call)
        time.sleep(0.25)
    time.sleep(0.25)
    got = [queue.get()]
    for thread in threads[:2]:
        thread.join()
    for _ in range(ends.count(("gave", None))):
        got.append(queue.get())
    threads[2].join()
    got.append(queue.get())
    hasty = ends.count(("gave", None)) * ["hasty"]
    assert sorted(got) == [*hasty, "old", "patient"], f"{ends}, and were got: {got}"


def queue_get_gives_up(m):
    """BoundedQueue: a get times out as an item is put, and another one waits"""
    queue, ends, got = m.BoundedQueue(2), [], []

    def hasty():
        ends.append(outcome(queue.get, timeout=1.0))

    def patient():
        got.append(queue.get())

    threads = started(hasty, patient)
    time.sleep(1.0)
    queue.put("a")
    threads[0].join()
    taken = ends == [("gave", "a")]
    if taken:
        queue.put("b")
    threads[1].join()
    assert got == (["b"] if taken else ["a"]), f"hasty {said(ends[0])}, then {got}"


def queue_get_at_the_end(m):
    """BoundedQueue: an item comes at the moment when the time of a get is up"""
    queue, seen = m.BoundedQueue(1), []

    def taker():
        seen.append((outcome(queue.get, timeout=1.0), len(queue)))

    thread = started(taker)[0]
    time.sleep(1.0)
    queue.put("a")
    thread.join()
    got, inside = seen[0]
    text = f"get(timeout=1.0) {said(got)} with {inside} items inside"
    assert inside == 0, f"{text}: what is possible when time is up succeeds"


def queue_put_at_the_end(m):
    """BoundedQueue(1), full: room comes at the moment when the time of a put is up"""
    queue, seen = m.BoundedQueue(1), []
    queue.put("old")

    def giver():
        seen.append((outcome(queue.put, "new", timeout=1.0), len(queue)))

    thread = started(giver)[0]
    time.sleep(1.0)
    queue.get()
    thread.join()
    put, inside = seen[0]
    text = f"put(timeout=1.0) {said(put)} with {inside} items inside"
    assert inside == 1, f"{text}: what is possible when time is up succeeds"


def queue_hand_off_at_the_end(m):
    """BoundedQueue(0): a get comes at the moment when the time of a put is up"""
    queue, seen = m.BoundedQueue(0), []

    def giver():
        seen.append((outcome(queue.put, 1, 1.0), outcome(queue.put, 2, 0)))

    thread = started(giver)[0]
    time.sleep(1.0)
    outcome(queue.get, timeout=1.0)
    thread.join()
    first, second = seen[0]
    text = f"put(timeout=1.0) {said(first)}, put(timeout=0) after it {said(second)}"
    assert first[0] == "gave" or second[0] == "raised", text


def queue_join_at_the_end(m):
    """BoundedQueue: the last item is done when the time of a join is up"""
    queue, seen = m.BoundedQueue(1), []
    queue.put("a")
    queue.get()

    def joiner():
        seen.append((queue.join(1.0), queue.join(0)))

    thread = started(joiner)[0]
    time.sleep(1.0)
    queue.task_done()
    thread.join()
    first, second = seen[0]
    assert first == second, f"join(1.0) gave {first}, join(0) right after it {second}"


# --- hand-offs ----------------------------------------------------------------------


def queue_hand_off(m):
    """BoundedQueue(0): an item passes only to a get that waits"""
    queue, log = m.BoundedQueue(0), []
    late, took = timed(queue.put, 0, timeout=1.0)
    refused(late, "TimeoutError", "put(timeout=1.0), no get,")
    lasted(took, 1.0, "put(timeout=1.0), no get,")
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
    second = timed(queue.put, "b", 1.0), timed(queue.put, "c", 1.0)
    gave(second[0][0], None, "put(timeout=1.0), a get waits,")
    lasted(second[0][1], 0.0, "put(timeout=1.0), a get waits,")
    refused(second[1][0], "TimeoutError", "a second put, one get waits,")
    waiter.join()
    assert log[-1] == "b", f"the item handed over is 'b', got {log[-1]!r}"


def queue_hand_off_at_once(m):
    """BoundedQueue(0) with timeouts of 0: only a get that waits already will do"""
    queue, got = m.BoundedQueue(0), []
    kept = sum(outcome(queue.put, n, timeout=0)[0] == "gave" for n in range(3))
    assert kept == 0, f"{kept} of 3 puts worked, though no get waits"
    refused(outcome(queue.get, timeout=0), "TimeoutError", "get(timeout=0), no put,")

    def taker():
        got.append(queue.get())

    thread = started(taker)[0]
    time.sleep(1.0)
    gave(outcome(queue.put, "b", timeout=0), None, "put(timeout=0), a get waits,")
    second = outcome(queue.put, "c", timeout=0)
    refused(second, "TimeoutError", "a second put(timeout=0), one get waits,")
    thread.join()
    assert got == ["b"], f"the item handed over is 'b', got {got}"


def queue_hand_off_left(m):
    """BoundedQueue(0): after a get that gave up; a get with a timeout; and join"""
    queue, ends = m.BoundedQueue(0), []
    refused(outcome(queue.get, 1.0), "TimeoutError", "get(timeout=1.0), no put,")
    late = outcome(queue.put, "a", timeout=0)
    refused(late, "TimeoutError", "put(timeout=0), a get having given up,")

    def giver():
        ends.append(timed(queue.put, "b", timeout=9.0))

    thread = started(giver)[0]
    time.sleep(1.0)
    gave(outcome(queue.get, 5.0), "b", "get(timeout=5.0), a put waiting,")
    thread.join()
    gave(ends[0][0], None, "put(timeout=9.0), a get coming after 1 s,")
    lasted(ends[0][1], 1.0, "put(timeout=9.0), a get coming after 1 s,")
    gave(outcome(queue.join, 0), False, "join(0), an item got but not done,")
    queue.task_done()
    gave(outcome(queue.join, 0), True, "join(0), the item being done,")


def queue_hand_off_to_two(m):
    """BoundedQueue(0) with timeouts of 0: three gets wait, so three puts have room"""
    queue, got = m.BoundedQueue(0), []

    def taker_1():
        got.append(queue.get())

    def taker_2():
        got.append(queue.get())

    def taker_3():
        got.append(queue.get())

    threads = started(taker_1, taker_2, taker_3)
    time.sleep(1.0)
    for item in (1, 2, 3):
        given = outcome(queue.put, item, timeout=0)
        gave(given, None, f"put {item} of 3 with timeout=0, three gets wait,")
    for thread in threads:
        thread.join()
    assert sorted(got) == [1, 2, 3], f"put 1, 2 and 3, got {got}"


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
    refused(outcome(queue.get, 1.0), "Closed", "get from a closed hand-off")


def queue_hand_off_then_close(m):
    """BoundedQueue(0): closed as soon as an item was handed to a get that waits"""
    queue, got = m.BoundedQueue(0), []

    def taker():
        got.append(outcome(queue.get))

    thread = started(taker)[0]
    time.sleep(1.0)
    queue.put("a", timeout=0)
    queue.close()
    thread.join()
    assert got == [("gave", "a")], f"put 'a', then closed: get {said(got[0])}"


def queue_hand_off_after_close(m):
    """BoundedQueue(0): a put right after close, where a get waited"""
    queue, got = m.BoundedQueue(0), []

    def taker():
        got.append(outcome(queue.get))

    thread = started(taker)[0]
    time.sleep(1.0)
    queue.close()
    refused(outcome(queue.put, "a", 0), "Closed", "put after close, a get waiting,")
    thread.join()
    refused(got[0], "Closed", "get, waiting when the queue is closed,")


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


# --- which test explores what -------------------------------------------------------


def queue_times(program):
    scenes = [queue_get_lasts, queue_put_lasts, queue_join_lasts, queue_put_is_robbed]
    seen = explored(program, scenes, spurious=True)
    if seen[-1]["found"]["kind"] == "ok":
        seen += explored(program, [queue_others_last], spurious=True, bound=1)
    return seen


def queue_gives_up(program):
    scenes = [queue_put_timeout_races, queue_get_timeout_races]
    scenes += [queue_hand_off_timeout, queue_put_gives_up, queue_get_gives_up]
    scenes += [queue_hand_off_at_once]
    return explored(program, scenes)


def queue_at_the_end(program):
    scenes = [queue_get_at_the_end, queue_put_at_the_end, queue_join_at_the_end]
    scenes += [queue_hand_off_to_two, queue_hand_off_at_the_end]
    return explored(program, scenes, **NO_PREEMPTION)


def queue_hands(program):
    scenes = [queue_hand_off, queue_hand_offs, queue_hand_off_closed]
    scenes += [queue_hand_off_then_close, queue_hand_off_after_close]
    seen = explored(program, [queue_hand_off_left], **ONE_SCHEDULE)
    if seen[-1]["found"]["kind"] == "ok":
        seen += explored(program, scenes, spurious=True)
    return seen
