"""Scenes of `BoundedQueue`: its order, its wake-ups, how it closes, what it counts.

More than 400 lines: many short scenes, each beside those it resembles.
"""

import time

from hidden.scenes import (
    ONE_SCHEDULE,
    explored,
    gave,
    lasted,
    outcome,
    refused,
    started,
    timed,
    together,
)

# --- one thread ---------------------------------------------------------------------


def queue_in_order(m):
    """BoundedQueue used by one thread: order, length, and the capacity"""
    queue = m.BoundedQueue(3)
    assert len(queue) == 0, f"an empty queue has length {len(queue)}"
    for item in "abc":
        queue.put(item)
    assert len(queue) == 3, f"after three puts the length is {len(queue)}"
    late, took = timed(queue.put, "d", timeout=1.0)
    refused(late, "TimeoutError", "put(timeout=1.0) when full")
    lasted(took, 1.0, "put(timeout=1.0) when full")
    got = [queue.get(), queue.get(timeout=1.0), queue.get()]
    assert got == ["a", "b", "c"], f"got {got}, put a, b, c"
    late, took = timed(queue.get, 2.0)
    refused(late, "TimeoutError", "get(timeout=2.0) when empty")
    lasted(took, 2.0, "get(timeout=2.0) when empty")
    assert len(queue) == 0, "what was refused must not be in the queue"
    queue.put("e", timeout=1.0)
    gave(outcome(queue.get, timeout=1.0), "e", "get(timeout=1.0) with an item there")


def queue_sizes(m):
    """BoundedQueue with other capacities: none, and one"""
    free, one = m.BoundedQueue(), m.BoundedQueue(capacity=1)
    for item in range(50):
        free.put(item, timeout=1.0)
    assert len(free) == 50, "a queue without a bound must take 50 items"
    one.put("a")
    refused(outcome(one.put, "b", 1.0), "TimeoutError", "a second put, capacity 1,")
    got = [free.get(timeout=1.0) for _ in range(50)]
    assert got == list(range(50)), f"put 0 to 49, got {got}"


def queue_after_close(m):
    """BoundedQueue, closed: what is inside can be got, nothing can be put"""
    queue = m.BoundedQueue(3)
    queue.put(1)
    queue.put(2)
    queue.close()
    refused(outcome(queue.put, 3), "Closed", "put after close")
    refused(outcome(queue.put, 3, 1.0), "Closed", "put(timeout=1.0) after close")
    gave(outcome(queue.get), 1, "get after close, with items inside,")
    gave(outcome(queue.get, 1.0), 2, "get(timeout=1.0) after close, an item inside,")
    refused(outcome(queue.get), "Closed", "get from a closed, empty queue")
    late, took = timed(queue.get, 1.0)
    refused(late, "Closed", "get(timeout=1.0) from it")
    lasted(took, 0.0, "get(timeout=1.0) from a closed, empty queue")
    assert len(queue) == 0, f"closed and empty, it has length {len(queue)}"


def queue_join_waits(m):
    """BoundedQueue.join: what was put must be reported, not only got"""
    queue = m.BoundedQueue(2)
    queue.put(1)
    late, took = timed(queue.join, timeout=2.0)
    gave(late, False, "join(timeout=2.0), an item inside,")
    lasted(took, 2.0, "join(timeout=2.0), an item inside,")
    queue.get()
    gave(outcome(queue.join, 1.0), False, "join(1.0), an item got but not done,")
    queue.put(2)
    queue.task_done()
    gave(outcome(queue.join, 1.0), False, "join(1.0), one of two items done,")
    queue.get()
    queue.task_done()
    done, took = timed(queue.join, 1.0)
    gave(done, True, "join(1.0), all items done,")
    lasted(took, 0.0, "join(1.0), all items done,")
    gave(outcome(queue.join), True, "join, all items done,")


def queue_is_strict(m):
    """BoundedQueue: None as an item, timeouts of 0 and below, and what is refused"""
    for capacity in (-1, -5):
        got = outcome(m.BoundedQueue, capacity)
        what = f"capacity {capacity} must raise ValueError"
        assert got == ("raised", "ValueError"), what
    nothing = outcome(m.BoundedQueue(None).get, 0)
    refused(nothing, "TimeoutError", "get from an empty queue without a bound")
    queue = m.BoundedQueue(2)
    gave(outcome(queue.join), True, "join on a queue that nothing was put into")
    refused(outcome(queue.task_done), "ValueError", "task_done before any put")
    queue.put(None)
    queue.put(3, timeout=0)
    for timeout in (0, -1.0):
        late, took = timed(queue.put, 4, timeout)
        refused(late, "TimeoutError", f"put(timeout={timeout:g}) when full")
        lasted(took, 0.0, f"put(timeout={timeout:g})")
    got = [queue.get(timeout=0), queue.get(-1)]
    assert got == [None, 3], f"got {got}, put None and 3"
    for timeout in (0, -2):
        late, took = timed(queue.get, timeout)
        refused(late, "TimeoutError", f"get(timeout={timeout}) when empty")
        lasted(took, 0.0, f"get(timeout={timeout})")
    queue.task_done()
    gave(outcome(queue.join, 0), False, "join(timeout=0), one of two items done,")
    queue.task_done()
    gave(outcome(queue.join, 0), True, "join, though puts timed out meanwhile,")
    refused(outcome(queue.task_done), "ValueError", "task_done beyond the puts")
    queue.put(5)
    gave(outcome(queue.join, -1), False, "join(timeout=-1), after another put,")
    queue.close()
    gave(outcome(queue.close), None, "close on a closed queue")
    refused(outcome(queue.put, 6, 0), "Closed", "put(timeout=0) after close")
    gave(outcome(queue.get, 0), 5, "get(timeout=0) after close, with an item inside,")
    refused(outcome(queue.get, 0), "Closed", "get(timeout=0) from a closed queue")
    other = m.BoundedQueue(1)
    gave(outcome(other.join, -1), True, "join(timeout=-1), nothing being put,")
    gave(outcome(other.put, 1, -1.0), None, "put(timeout=-1), with room,")
    other.get()
    other.close()
    refused(outcome(other.get, -1), "Closed", "get(timeout=-1) from a closed queue")
    gave(outcome(other.join, 0), False, "join(0), an item got before close, not done,")
    full = m.BoundedQueue(1)
    full.put(1)
    full.close()
    refused(outcome(full.put, 2, 0), "Closed", "put(timeout=0) into a closed, full one")


def queue_nothing_waited_for(m):
    """BoundedQueue: None as an item, where a get or a put waits for the other"""
    for capacity in (1, 0):
        queue, got = m.BoundedQueue(capacity), []

        def taker(queue=queue, got=got):
            got.append(queue.get())

        def giver(queue=queue):
            for _ in range(3):
                queue.put(None)

        threads = started(taker)
        time.sleep(1.0)
        threads += started(giver)
        time.sleep(1.0)
        got += [queue.get(timeout=1.0), queue.get(timeout=1.0)]
        for thread in threads:
            thread.join()
        assert got == [None] * 3, f"put None three times, got {got}"


# --- waiting and waking -------------------------------------------------------------


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


def queue_room_for_two(m):
    """BoundedQueue(2), full: two threads wait in put, and two items are got"""
    queue = m.BoundedQueue(2)
    queue.put("a")
    queue.put("b")

    def giver_1():
        queue.put(1)

    def giver_2():
        queue.put(2)

    threads = started(giver_1, giver_2)
    time.sleep(1.0)
    got = [queue.get(), queue.get()]
    for thread in threads:
        thread.join()
    assert got == ["a", "b"], f"put a and b, got {got}"
    assert len(queue) == 2, f"two more were put, {len(queue)} are inside"


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


def queue_beside_joiners(m):
    """BoundedQueue(1): two joins wait already, then a get or a put waits, too"""
    queue, got = m.BoundedQueue(1), []
    queue.put("a")
    queue.get()

    def joiner_1():
        queue.join()

    def joiner_2():
        queue.join()

    def user():
        got.append(queue.get())
        queue.put("c")
        queue.put("d")
        got.append("put")

    threads = started(joiner_1, joiner_2)
    time.sleep(1.0)
    threads += started(user)
    time.sleep(1.0)
    queue.put("b")
    time.sleep(1.0)
    assert got == ["b"], f"a get waits beside joins, then 'b' is put: it got {got}"
    got.append(queue.get())
    time.sleep(1.0)
    assert got == ["b", "c", "put"], f"a put waits beside joins, then a get: {got}"
    for _ in range(4):
        queue.task_done()
    for thread in threads:
        thread.join()


# --- closing ------------------------------------------------------------------------


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
    queue.get()
    queue.task_done()
    gave(outcome(queue.join, 1.0), True, "join, the puts being refused,")


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


# --- counts -------------------------------------------------------------------------


def queue_count(m):
    """BoundedQueue: two threads put, or report items as done, at the same time"""
    queue = m.BoundedQueue(None)

    def giver():
        queue.put(1)

    thread = started(giver)[0]
    queue.put(2)
    thread.join()
    assert len(queue) == 2, f"two items were put, {len(queue)} are inside"
    together(queue.task_done, queue.task_done)
    gave(outcome(queue.join, 1.0), True, "join, both items being done,")


# --- which test explores what -------------------------------------------------------


def queue_in_one_thread(program):
    scenes = [queue_in_order, queue_sizes, queue_after_close, queue_join_waits]
    return explored(program, [*scenes, queue_beside_joiners], **ONE_SCHEDULE)


def queue_waits(program):
    scenes = [queue_two_takers, queue_room_for_two, queue_two_and_two]
    scenes += [queue_two_givers, queue_join]
    return explored(program, scenes, spurious=True)


def queue_closes(program):
    scenes = [queue_takers_and_close, queue_givers_and_close, queue_close_races]
    scenes += [queue_join_after_close]
    return explored(program, scenes, spurious=True)


def queue_counts(program):
    watched = {"watched": ["BoundedQueue"], "races": False}
    return explored(program, [queue_count], bound=1, **watched)


def queue_refuses(program):
    scenes = [queue_is_strict, queue_nothing_waited_for]
    return explored(program, scenes, **ONE_SCHEDULE)
