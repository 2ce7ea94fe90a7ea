"""Public tests of lesson 05: scenes under the schedule explorer.

A *scene* is a small program of one to four threads: a function that uses what you wrote
and asserts what must hold, whoever goes first. Its docstring says what it is about. The
explorer runs it under one schedule after another, with sleepers that wake for no reason
and a clock that moves only while everybody waits: `time.sleep(60)` costs nothing. When
an assertion fails, or a thread waits for ever, you read the steps that led there.

The hidden tests play other scenes: the lesson's page lists what only they ask for.
"""

import threading
import time

import pytest

from autograder.student.testing import check
from autograder.student.testing.stories import judge

STEP_3, STEP_4, STEP_5 = "Chapter, step 3.", "Chapter, step 4.", "Chapter, step 5."
STEP_6, STEP_7 = "Chapter, step 6.", "Chapter, step 7."


# --- what scenes are made of --------------------------------------------------------


def explored(program, scenes, **rules):
    """Explore scenes up to the first that fails: few preemptions, then chance."""
    rules = {"bound": 2, "schedules": 150, "random_schedules": 20, **rules}
    seen = []
    for scene in scenes:
        found = program.explore(scene, **rules)
        said = found["message"].partition("AssertionError: ")[2]
        said = said.rpartition(" at line ")[0]  # the mistake, wherever it was found
        seen.append({"where": scene.__doc__, "found": found, "said": said})
        if found["kind"] != "ok":
            break
    return seen


def alone(program, scenes):
    """Run scenes whose threads take turns by themselves: one schedule is enough."""
    return explored(program, scenes, bound=0, schedules=1, random_schedules=1)


def unhurried(program, scenes):
    """Run scenes in which no thread gives way that could go on."""
    return explored(program, scenes, schedules=40, bound=0, random_schedules=0)


def then(seen, more, *args):
    """Explore more scenes where those before did not fail."""
    return seen if seen[-1]["found"]["kind"] != "ok" else seen + more(*args)


def started(*calls):
    """Start a thread for each call, named like its function."""
    threads = [threading.Thread(target=call, name=call.__name__) for call in calls]
    for thread in threads:
        thread.start()
    return threads


def ended(threads):
    """Wait until threads have ended."""
    for thread in threads:
        thread.join()


def settle():
    """Wait until nobody else can run."""
    time.sleep(0.001)


def end_of(call, *args, **kwargs):
    """Return what a call gave, or the name of the exception that it raised."""
    try:
        return call(*args, **kwargs)
    except NotImplementedError:
        raise
    except Exception as error:
        return type(error).__name__


def equal(got, want, what):
    """Assert that two values are equal, and say what they are."""
    assert got == want, f"{what}: {got!r}, expected {want!r}"


STATS = "size, active, queued, largest, completed"


class Oops(Exception):
    """What a failing task raises."""


# --- 1 to 3: threads and schedules --------------------------------------------------


def sleepers(lesson):
    """Return rows seen beside three sleepers, rows seen later, and who is who."""
    import threading

    gate, ready = threading.Event(), threading.Semaphore(0)

    def inner():
        ready.release()
        gate.wait()

    def outer():
        inner()

    threads = [
        threading.Thread(target=outer, name=name, daemon=name != "b-sleeper")
        for name in ("c-sleeper", "a-sleeper", "b-sleeper")
    ]
    for thread in threads:
        thread.start()
        ready.acquire()
    try:
        rows = [tuple(row) for row in lesson.threads_of_this_process()]
    finally:
        gate.set()
        for thread in threads:
            thread.join()
    later = [row[0] for row in lesson.threads_of_this_process()]
    idents = {thread.name: thread.ident for thread in threads}
    return rows, later, idents, threading.get_ident()


@pytest.mark.task("threads_of_this_process")
def test_threads(student):
    rows, later, idents, me = student.run(sleepers)
    look = "Chapter, step 1."
    where = "threads_of_this_process, beside threads c-, a- and b-sleeper"
    found = [row for row in rows if str(row[0]).endswith("-sleeper")]
    names = [row[0] for row in found]
    check.equal(names, sorted(idents), where=f"{where}: their names", look=look)
    for name, ident, daemon, stack in found:
        at = f"{where}: {name}"
        check.equal(ident, idents[name], where=f"{at}, ident", look=look)
        check.equal(daemon, name != "b-sleeper", where=f"{at}, daemon", look=look)
        calls = [call for call in stack if call in ("run", "outer", "inner", "wait")]
        want = ["run", "outer", "inner", "wait"]
        check.equal(calls[:4], want, where=f"{at}, calls on its stack", look=look)
        check.equal(type(stack).__name__, "tuple", where=f"{at}, type of its stack")
    asks = [row for row in rows if row[1] == me]
    check.equal(len(asks), 1, where=f"{where}: rows of the thread that asks")
    gone = [name for name in later if name in idents]
    check.equal(gone, [], where="threads_of_this_process: threads that have ended")


def merges(lesson, a, b):
    """Return all merges as a list."""
    return list(lesson.interleavings(a, b))


def first_merge(lesson, a, b):
    """Return the first merge, and the bytes that were held to make it."""
    import tracemalloc

    tracemalloc.start()
    try:
        first = next(iter(lesson.interleavings(a, b)))
        return first, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.task("interleavings")
def test_interleavings(student):
    look = "Chapter, step 2."
    got = student.run(merges, a=["a1", "a2"], b=["b"])
    want = [("a1", "a2", "b"), ("a1", "b", "a2"), ("b", "a1", "a2")]
    where = "interleavings of two steps and one"
    check.equal(got, want, where=where, look=look)
    got = student.run(merges, a=[1, 1], b=[1])
    where = "interleavings of equal steps: each merge counts"
    check.equal(got, [(1, 1, 1)] * 3, where=where, look=look)
    got = student.run(merges, a=[], b=[7, 8])
    check.equal(got, [(7, 8)], where="interleavings of no step and two", look=look)


@pytest.mark.task("interleavings")
def test_interleavings_one_by_one(student):
    a, b = ["a"] * 16, ["b"] * 8
    first, held = student.run(first_merge, a=a, b=b)
    where = "interleavings of 16 and 8 steps: the first merge"
    check.equal(first, (*a, *b), where=where, look="Chapter, step 2.")
    where += "; memory to make it, where all 735,471 would need 170 MB"
    check.at_most(held, 150_000, where=where, unit="bytes", look="Chapter, step 2.")
    first, _ = student.run(first_merge, a=[1] * 250, b=[2] * 250)
    where = "interleavings of 250 and 250 steps: the first merge"
    check.equal(first, (1,) * 250 + (2,) * 250, where=where, look="Chapter, step 2.")


@pytest.mark.task("lost_updates")
def test_lost_updates(student):
    for pair, want in {
        (1, 1): {2: 2, 1: 18},
        (2, 1): {1: 18, 2: 63, 3: 3},
        (0, 3): {3: 1},
        (2, 2): {2: 702, 3: 216, 4: 6},
        (4, 1): {1: 36, 2: 54, 3: 54, 4: 306, 5: 5},
    }.items():
        where = f"lost_updates{pair}"
        check.equal(
            student.lost_updates(*pair), want, where=where, look="Chapter, step 2."
        )
    got = student.lost_updates()
    check.equal(got, {2: 2, 1: 18}, where="lost_updates()", look="Chapter, step 2.")


# --- 4: BoundedQueue ----------------------------------------------------------------


def queue_line(m):
    """BoundedQueue(2), one thread: order, length, room, and timeouts"""
    queue = m.BoundedQueue(2)
    queue.put("x")
    queue.put(None, timeout=0)
    assert len(queue) == 2, f"two items were put, the length is {len(queue)}"
    for timeout in (0, -1.0, 3.0):
        begun = time.monotonic()
        got = end_of(queue.put, "z", timeout)
        equal(got, "TimeoutError", f"put(timeout={timeout}) when full")
        took = time.monotonic() - begun
        assert took == max(timeout, 0), f"put(timeout={timeout}) took {took:g} s"
    got = [queue.get(), queue.get(timeout=0)]
    equal(got, ["x", None], "put 'x' and None, and got")
    got = end_of(queue.get, timeout=0)
    equal(got, "TimeoutError", "get(timeout=0) when empty")
    got = end_of(m.BoundedQueue, -1)
    equal(got, "ValueError", "BoundedQueue(-1)")
    free = m.BoundedQueue()
    got = [end_of(free.put, n, 0) for n in range(9)]
    assert len(free) == 9, f"nine puts into a queue without a bound: {got}"


def queue_closed(m):
    """BoundedQueue(3), closed with two items inside"""
    queue = m.BoundedQueue(3)
    queue.put(1)
    queue.put(2)
    queue.close()
    queue.close()
    got = end_of(queue.put, 3)
    equal(got, "Closed", "put after close")
    got = [end_of(queue.get, timeout) for timeout in (None, 0, None, 5.0)]
    equal(got, [1, 2, "Closed", "Closed"], "four gets after close")
    assert time.monotonic() == 0, "a get from a closed, empty queue must not wait"


def queue_done(m):
    """BoundedQueue: join and task_done, one thread"""
    queue = m.BoundedQueue(None)
    got = end_of(queue.task_done)
    equal(got, "ValueError", "task_done before any put")
    assert queue.join() is True, "join of an unused queue must give True"
    queue.put("a")
    queue.get()
    assert queue.join(2.0) is False, "join(2.0), the item got but not reported"
    assert time.monotonic() == 2.0, f"join(2.0) took {time.monotonic():g} s"
    queue.task_done()
    assert queue.join(0) is True, "join(0), every item reported"


def queue_two_of_each(m):
    """BoundedQueue(1): two threads put two items each, main gets four"""
    queue, got = m.BoundedQueue(1), []

    def giver_1():
        queue.put("a")
        queue.put("b")

    def giver_2():
        queue.put("c")
        queue.put("d")

    threads = started(giver_1, giver_2)
    for _ in range(4):
        got.append(queue.get())
        assert len(queue) <= 1, f"{len(queue)} items are inside, the capacity is 1"
    ended(threads)
    assert sorted(got) == list("abcd"), f"put a, b, c and d; got {got}"
    assert got.index("a") < got.index("b"), f"a was put before b; got {got}"


def queue_one_place(m):
    """BoundedQueue(1): two threads put at the same time, and nobody gets"""
    queue, ends = m.BoundedQueue(1), []

    def giver():
        ends.append(end_of(queue.put, "a", timeout=1.0))

    threads = started(giver)
    ends.append(end_of(queue.put, "b", timeout=1.0))
    ended(threads)
    assert len(queue) == 1, f"{len(queue)} items are inside, the capacity is 1"
    equal(sorted(ends, key=str), [None, "TimeoutError"], "the two puts")


def queue_pairs(m):
    """BoundedQueue(1): two threads put an item each, two threads get one each"""
    queue, got = m.BoundedQueue(1), []

    def taker_1():
        got.append(queue.get())

    def taker_2():
        got.append(queue.get(timeout=60.0))

    def giver():
        queue.put("a")

    threads = started(taker_1, taker_2, giver)
    queue.put("b")
    ended(threads)
    assert sorted(got) == ["a", "b"], f"put a and b, got {got}"
    assert time.monotonic() < 60, "a get with a timeout was not woken"


def queue_joiners(m):
    """BoundedQueue: two threads join until an item is dealt with"""
    queue, done, seen = m.BoundedQueue(None), [], []
    queue.put("a")

    def joiner_1():
        seen.append((queue.join(), list(done)))

    def joiner_2():
        seen.append((queue.join(60.0), list(done)))

    threads = started(joiner_1, joiner_2)
    queue.get()
    done.append("a")
    queue.task_done()
    ended(threads)
    equal(seen, [(True, ["a"])] * 2, "join gave, with which items done")
    assert time.monotonic() < 60, "a join with a timeout was not woken"


def queue_close_wakes_takers(m):
    """BoundedQueue: closed while two threads wait in get"""
    queue, ends = m.BoundedQueue(None), []

    def taker_1():
        ends.append(end_of(queue.get))

    def taker_2():
        ends.append(end_of(queue.get))

    threads = started(taker_1, taker_2)
    queue.close()
    ended(threads)
    equal(ends, ["Closed"] * 2, "the gets that waited")


def queue_close_wakes_givers(m):
    """BoundedQueue(1), full: closed while two threads wait in put"""
    queue, ends = m.BoundedQueue(1), []
    queue.put("old")

    def giver_1():
        ends.append(end_of(queue.put, 1))

    def giver_2():
        ends.append(end_of(queue.put, 2))

    threads = started(giver_1, giver_2)
    queue.close()
    ended(threads)
    equal(ends, ["Closed"] * 2, "the puts that waited")
    assert len(queue) == 1, f"{len(queue)} items are inside, one put was accepted"


def queue_get_takes_its_time(m):
    """BoundedQueue: get(timeout=4.0) on an empty queue"""
    queue, seen = m.BoundedQueue(1), []

    def taker():
        seen.append((end_of(queue.get, timeout=4.0), time.monotonic()))

    threads = started(taker)
    time.sleep(3.0)
    assert len(queue) == 0, "nothing was put"
    ended(threads)
    equal(seen, [("TimeoutError", 4.0)], "get(timeout=4.0), and when")


def queue_put_takes_its_time(m):
    """BoundedQueue(1), full: put(timeout=4.0)"""
    queue, seen = m.BoundedQueue(1), []
    queue.put("old")

    def giver():
        seen.append((end_of(queue.put, "new", timeout=4.0), time.monotonic()))

    threads = started(giver)
    time.sleep(3.0)
    assert len(queue) == 1, "the put that waits has put its item"
    ended(threads)
    equal(seen, [("TimeoutError", 4.0)], "put(timeout=4.0), and when")
    assert len(queue) == 1, "an item whose put timed out is in the queue"


def queue_join_takes_its_time(m):
    """BoundedQueue: join(timeout=4.0), an item not dealt with"""
    queue, seen = m.BoundedQueue(1), []
    queue.put("old")

    def joiner():
        seen.append((queue.join(timeout=4.0), time.monotonic()))

    threads = started(joiner)
    time.sleep(3.0)
    assert len(queue) == 1, "nobody has got the item"
    ended(threads)
    equal(seen, [(False, 4.0)], "join(timeout=4.0), and when")


def queue_last_moment(m):
    """BoundedQueue: a get times out, or not, as an item is put"""
    queue, ends = m.BoundedQueue(2), []

    def taker():
        ends.append(end_of(queue.get, timeout=1.0))

    threads = started(taker)
    time.sleep(1.0)
    queue.put("a")
    ended(threads)
    want = 0 if ends == ["a"] else 1
    assert len(queue) == want, f"get ended with {ends}, {len(queue)} items are inside"


def queue_at_the_end(m):
    """BoundedQueue: what get, put and join wait for comes as their time is up"""
    queue, full, seen = m.BoundedQueue(1), m.BoundedQueue(1), {}
    full.put("old")

    def taker():
        seen["get(1.0)"] = end_of(queue.get, 1.0), len(queue), 0

    def giver():
        seen["put(1.0)"] = end_of(full.put, "new", 1.0), len(full), 1

    threads = started(taker, giver)
    time.sleep(1.0)
    queue.put("a")
    full.get()
    ended(threads)
    for call, (end, inside, want) in seen.items():
        assert inside == want, f"{call} ended with {end}, {inside} items inside"

    def joiner():
        seen["join"] = queue.join(1.0), queue.join(0)

    threads = started(joiner)
    time.sleep(1.0)
    queue.task_done()
    ended(threads)
    first, second = seen["join"]
    assert first == second, f"join(1.0) gave {first}, join(0) right after it {second}"


def queue_hand_off(m):
    """BoundedQueue(0): put needs a get that waits"""
    queue, got = m.BoundedQueue(0), []
    late = end_of(queue.put, "a", timeout=2.0), end_of(queue.put, "a", timeout=0)
    equal(late, ("TimeoutError",) * 2, "put(2.0) and put(0), no get waits")

    def taker():
        got.append(queue.get())

    threads = started(taker)
    time.sleep(1.0)
    pair = end_of(queue.put, "b", 0), end_of(queue.put, "c", 0)
    want = (None, "TimeoutError")
    equal(pair, want, "two puts while one get waits")
    ended(threads)
    equal(got, ["b"], "b was handed over")


def queue_hand_off_late(m):
    """BoundedQueue(0): a get that gave up is not waiting any more"""
    queue = m.BoundedQueue(0)
    assert end_of(queue.get, timeout=1.0) == "TimeoutError", "get(1.0), no put"
    got = end_of(queue.put, "a", timeout=1.0)
    equal(got, "TimeoutError", "put(timeout=1.0) after that get gave up")
    assert len(queue) == 0, "an item whose put timed out is in the queue"


def queue_hand_off_pair(m):
    """BoundedQueue(0): one thread puts two items, two threads get"""
    queue, got = m.BoundedQueue(0), []

    def giver():
        queue.put("a")
        queue.put("b")

    def taker():
        got.append(queue.get())

    threads = started(giver, taker)
    got.append(queue.get())
    ended(threads)
    assert sorted(got) == ["a", "b"], f"put a and b, got {got}"


def queue_counts(m):
    """BoundedQueue: two threads put, then two threads report"""
    queue = m.BoundedQueue(None)

    def giver():
        queue.put("a")

    def reporter():
        queue.task_done()

    threads = started(giver)
    queue.put("b")
    ended(threads)
    threads = started(reporter)
    queue.task_done()
    ended(threads)
    assert len(queue) == 2, f"two items were put, {len(queue)} are inside"
    assert queue.join(1.0) is True, "two items were reported, and join(1.0) waits"
    assert end_of(queue.task_done) == "ValueError", "a third task_done, two items"


def queue_by_itself(program):
    return alone(program, [queue_line, queue_closed, queue_done])


def queue_waits(program):
    scenes = [queue_one_place, queue_two_of_each, queue_pairs, queue_joiners]
    return explored(program, scenes, spurious=True, schedules=250)


def queue_closes(program):
    scenes = [queue_close_wakes_takers, queue_close_wakes_givers]
    return explored(program, scenes, spurious=True)


def queue_books(program):
    watched = ["BoundedQueue"]  # so that each use of an attribute is a step
    return explored(program, [queue_counts], bound=1, watched=watched, races=False)


def queue_times(program):
    scenes = [queue_get_takes_its_time, queue_put_takes_its_time]
    scenes += [queue_join_takes_its_time, queue_last_moment]
    seen = explored(program, scenes, spurious=True)
    return then(seen, unhurried, program, [queue_at_the_end])


def queue_hands(program):
    scenes = [queue_hand_off, queue_hand_off_late, queue_hand_off_pair]
    return explored(program, scenes, spurious=True)


@pytest.mark.task("BoundedQueue")
def test_queue_by_itself(student):
    judge(student.explore(queue_by_itself), STEP_3)


@pytest.mark.task("BoundedQueue")
def test_queue_waits(student):
    judge(student.explore(queue_waits), STEP_3)


@pytest.mark.task("BoundedQueue")
def test_queue_closes(student):
    judge(student.explore(queue_closes), STEP_3)


@pytest.mark.task("BoundedQueue")
def test_queue_times(student):
    judge(student.explore(queue_times), STEP_3)


@pytest.mark.task("BoundedQueue")
def test_queue_books(student):
    judge(student.explore(queue_books), STEP_3)


@pytest.mark.task("BoundedQueue")
def test_queue_hands_over(student):
    judge(student.explore(queue_hands), STEP_3)


# --- 5: Future ----------------------------------------------------------------------


def future_states(m):
    """Future, one thread: pending, running, done"""
    future = m.Future()
    states = [(future.running(), future.done(), future.cancelled())]
    assert end_of(future.result, timeout=0) == "TimeoutError", "result(0) when pending"
    assert end_of(future.exception, 2.0) == "TimeoutError", (
        "exception(2.0) when pending"
    )
    assert time.monotonic() == 2.0, f"exception(2.0) took {time.monotonic():g} s"
    assert future.start() is True, "start of a pending future must give True"
    states.append((future.running(), future.done(), future.cancelled()))
    got = end_of(future.start), end_of(future.cancel)
    want = ("InvalidState", False)
    equal(got, want, "start and cancel when running")
    future.set_result(None)
    states.append((future.running(), future.done(), future.cancelled()))
    want = [(False, False, False), (True, False, False), (False, True, False)]
    equal(states, want, "running, done, cancelled, set to None")
    got = end_of(future.result, 1.0), end_of(future.exception), future.cancel()
    want = (None, None, False)
    equal(got, want, "result, exception, cancel, set to None")
    got = end_of(future.set_result, 2), end_of(future.set_exception, Oops())
    equal(got, ("InvalidState",) * 2, "a second outcome")
    equal(end_of(future.start), "InvalidState", "start when done")
    assert end_of(future.result) is None, "a second outcome replaced the first"


def future_error(m):
    """Future, one thread: an exception as its outcome, and one as its value"""
    future, value, error = m.Future(), m.Future(), Oops("e")
    future.set_exception(error)
    try:
        got = future.result()
    except Oops as raised:
        got = raised
    assert got is error, f"result must raise the very exception, got {got!r}"
    assert future.exception() is error, "exception must give the very exception"
    value.set_result(error)
    got = value.result(), value.exception()
    equal(got, (error, None), "result, exception, an exception as value")


def future_cancelled(m):
    """Future, one thread: cancelled while it is pending"""
    future, called = m.Future(), []
    future.add_done_callback(called.append)
    got = future.cancel(), future.cancel(), future.start()
    want = (True, True, False)
    equal(got, want, "cancel, cancel, start")
    assert called == [future], f"one callback, called {len(called)} times"
    states = future.running(), future.done(), future.cancelled()
    equal(states, (False, True, True), "running, done, cancelled")
    got = end_of(future.result), end_of(future.exception, 0)
    equal(got, ("Cancelled",) * 2, "result and exception when cancelled")
    got = end_of(future.set_result, 1)
    equal(got, "InvalidState", "set_result when cancelled")


def future_callbacks(m):
    """Future: callbacks in order, each once, in the thread that sets"""
    future, log = m.Future(), []

    def note(name):
        here = threading.current_thread
        return lambda f: log.append((name, here().name, f.result(0)))

    def setter():
        future.set_result(5)

    future.add_done_callback(note("first"))
    future.add_done_callback(note("second"))
    ended(started(setter))
    future.add_done_callback(note("late"))
    want = [("first", "setter", 5), ("second", "setter", 5), ("late", "main", 5)]
    equal(log, want, "callback, its thread, the result")


def future_callbacks_raise(m):
    """Future: what callbacks raise goes into callback_errors, and stops nobody"""
    future, log = m.Future(), []
    errors = [Oops("first"), SystemExit(3), KeyboardInterrupt()]

    def raising(error):
        def callback(f):
            log.append(type(error).__name__)
            raise error

        return callback

    for error in errors[:2]:
        future.add_done_callback(raising(error))
    future.add_done_callback(lambda f: log.append("last"))
    left = None
    try:
        future.set_result(1)
        future.add_done_callback(raising(errors[2]))
    except BaseException as error:
        left = error
    assert left is None, f"what a callback raised has left: {left!r}"
    want = ["Oops", "SystemExit", "last", "KeyboardInterrupt"]
    equal(log, want, "callbacks that ran")
    kept = future.callback_errors
    equal(kept, errors, "callback_errors")


def future_callback_asks(m):
    """Future: a callback asks the future, and adds another callback"""
    future, log = m.Future(), []

    def callback(f):
        log.append((f.done(), f.result(), f.cancel()))
        f.add_done_callback(lambda g: log.append("inner"))

    future.add_done_callback(callback)
    future.set_result(7)
    equal(log, [(True, 7, False), "inner"], "what the callbacks saw")


def future_wakes_before_callbacks(m):
    """Future: a callback waits until a thread that waits for the result has it"""
    for settle_it in (lambda f: f.set_result(1), lambda f: f.cancel()):
        future, awake = m.Future(), threading.Event()

        def waiter(future=future, awake=awake):
            end_of(future.result)
            awake.set()

        future.add_done_callback(lambda f, awake=awake: awake.wait())
        threads = started(waiter)
        settle_it(future)
        ended(threads)


def future_wakes_all(m):
    """Future: three threads wait, and one sets it to None"""
    future, got = m.Future(), []

    def waiter_1():
        got.append(future.result())

    def waiter_2():
        got.append(future.exception())

    def waiter_3():
        got.append(future.result(timeout=60.0))

    threads = started(waiter_1, waiter_2, waiter_3)
    future.set_result(None)
    ended(threads)
    equal(got, [None] * 3, "three who waited got")
    assert time.monotonic() < 60, "a waiter with a timeout was not woken"


def future_cancel_wakes_all(m):
    """Future: two threads wait, and it is cancelled"""
    future, got = m.Future(), []

    def waiter_1():
        got.append(end_of(future.result))

    def waiter_2():
        got.append(end_of(future.exception))

    threads = started(waiter_1, waiter_2)
    future.cancel()
    ended(threads)
    equal(got, ["Cancelled"] * 2, "two who waited")


def future_takes_its_time(m):
    """Future.result(timeout=4.0), set after 6 s"""
    future, seen = m.Future(), []

    def waiter():
        seen.append((end_of(future.result, timeout=4.0), time.monotonic()))

    threads = started(waiter)
    time.sleep(3.0)
    assert not future.done(), "nobody has set it"
    time.sleep(3.0)
    future.set_result("late")
    ended(threads)
    equal(seen, [("TimeoutError", 4.0)], "result(timeout=4.0), and when")


def future_at_the_end(m):
    """Future: it is set as the time of result and of exception is up"""
    future, seen = m.Future(), {}

    def waiter_1():
        seen["result(1.0)"] = end_of(future.result, 1.0), future.done()

    def waiter_2():
        seen["exception(1.0)"] = end_of(future.exception, 1.0), future.done()

    threads = started(waiter_1, waiter_2)
    time.sleep(1.0)
    future.set_result(None)
    ended(threads)
    for call, (end, done) in seen.items():
        assert (end is None) == done, f"{call} ended with {end}, then done() is {done}"


def future_start_or_cancel(m):
    """Future: one thread starts it while another one cancels it"""
    future, log = m.Future(), []

    def worker():
        if future.start():
            log.append("ran")
            future.set_result(1)

    threads = started(worker)
    if future.cancel():
        log.append("cancelled")
    ended(threads)
    assert len(log) == 1, f"it must run or be cancelled, never both: {log}"


def future_set_by_two(m):
    """Future: two threads set it at the same time"""
    future, ends, called = m.Future(), {}, []
    future.add_done_callback(lambda f: called.append(f.result(0)))

    def setter():
        ends["setter"] = end_of(future.set_result, "setter")

    threads = started(setter)
    ends["main"] = end_of(future.set_result, "main")
    ended(threads)
    won = [name for name, end in ends.items() if end is None]
    assert len(won) == 1, f"one set must win, the other raise InvalidState: {ends}"
    equal(called, won, f"{won[0]} won, the callback saw")
    assert future.result(0) == won[0], f"{won[0]} won, the result is another"


def future_callback_in_time(m):
    """Future: a callback is added while another thread sets it"""
    future, log = m.Future(), []

    def setter():
        future.set_result(1)

    threads = started(setter)
    future.add_done_callback(lambda f: log.append(f.result(0)))
    ended(threads)
    equal(log, [1], "one callback, it was called with")


def future_by_itself(program):
    return alone(program, [future_states, future_error, future_cancelled])


def future_calls_back(program):
    scenes = [future_callbacks, future_callbacks_raise, future_callback_asks]
    scenes += [future_wakes_before_callbacks]
    return explored(program, scenes, bound=1)


def future_wakes(program):
    scenes = [future_wakes_all, future_cancel_wakes_all, future_takes_its_time]
    seen = explored(program, scenes, spurious=True)
    return then(seen, unhurried, program, [future_at_the_end])


def future_races(program):
    scenes = [future_start_or_cancel, future_set_by_two, future_callback_in_time]
    seen = explored(program, scenes)
    if seen[-1]["found"]["kind"] == "ok":  # and where every attribute is a step
        seen += explored(program, scenes, watched=["Future"], races=False)
    return seen


@pytest.mark.task("Future")
def test_future_by_itself(student):
    judge(student.explore(future_by_itself), STEP_4)


@pytest.mark.task("Future")
def test_future_calls_back(student):
    judge(student.explore(future_calls_back), STEP_4)


@pytest.mark.task("Future")
def test_future_wakes(student):
    judge(student.explore(future_wakes), STEP_4)


@pytest.mark.task("Future")
def test_future_races(student):
    judge(student.explore(future_races), STEP_4)


# --- 6: the four policies -----------------------------------------------------------


class Desk:
    """A stand-in for a pool whose queue holds two tasks."""

    def __init__(self, *queued, shut=False):
        self.queue, self.shut = list(queued), shut

    def is_shutdown(self):
        return self.shut

    def poll(self):
        return self.queue.pop(0) if self.queue else None

    def execute(self, task):
        assert len(self.queue) < 2, "the task is offered while the queue is full"
        self.queue.append(task)


def policies_of_a_full_pool(m):
    """The four policies, the queue being full"""
    policies_at_a_desk(m, False)


def policies_of_a_closed_pool(m):
    """The four policies, the pool being shut down"""
    policies_at_a_desk(m, True)


def policies_at_a_desk(m, shut):
    """See what each policy does with a task, with the queue, and in which thread."""
    ran = []

    def old():
        ran.append("old")

    def older():
        ran.append("older")

    def task():
        ran.append(threading.current_thread().name)

    kept = [older, old]
    for name, end, runs, queue in (
        ("abort", "Rejected", [], kept),
        ("discard", None, [], kept),
        ("caller_runs", None, [] if shut else ["main"], kept),
        ("discard_oldest", None, [], kept if shut else [old, task]),
    ):
        desk = Desk(older, old, shut=shut)
        got = end_of(getattr(m, name), task, desk)
        equal(got, end, f"{name}")
        equal(ran, runs, f"{name}: what ran, or where")
        inside, want = ([t.__name__ for t in q] for q in (desk.queue, queue))
        equal(inside, want, f"{name}: the queue holds")
        ran.clear()


def policies_in_odd_cases(m):
    """discard_oldest with an empty queue, and caller_runs with a task that fails"""
    desk = Desk()
    m.discard_oldest(int, desk)
    assert desk.queue == [int], f"an empty queue, then it holds {desk.queue}"

    def failing():
        raise Oops("task")

    got = end_of(m.caller_runs, failing, Desk())
    equal(got, "Oops", "caller_runs, the task raising Oops")


def policies(program):
    return alone(program, [policies_of_a_full_pool, policies_in_odd_cases])


def policies_when_shut(program):
    return alone(program, [policies_of_a_closed_pool])


@pytest.mark.task("discard_oldest")
def test_policies(student):
    judge(student.explore(policies), STEP_5)


@pytest.mark.task("discard_oldest")
def test_policies_when_shut(student):
    judge(student.explore(policies_when_shut), STEP_5)


# --- 7: ThreadPool ------------------------------------------------------------------


def pool_of(m, core, maximum, keep_alive=0.0, capacity=None, left=None, policy=None):
    """Make a pool of daemons; what leaves its workers' `run` goes into a list."""
    left, made = [] if left is None else left, []

    def factory(run):
        def guarded():
            try:
                run()
            except (Exception, SystemExit) as error:
                left.append(type(error).__name__)

        made.append(f"worker-{len(made) + 1}")
        return threading.Thread(target=guarded, name=made[-1], daemon=True)

    def refuse(task, pool):
        raise m.Rejected

    return m.ThreadPool(core, maximum, keep_alive, capacity, policy or refuse, factory)


def pool_nine_tasks(m):
    """ThreadPool(2, 4, capacity=3): nine tasks that wait, as in the chapter"""
    pool, gates, starts = pool_of(m, 2, 4, capacity=3), [], []
    sizes, rejected = [], []
    for number in range(1, 10):
        gates.append(threading.Event())

        def task(number=number, gate=gates[-1]):
            starts.append(number)
            gate.wait()

        if end_of(pool.execute, task) == "Rejected":
            rejected.append(number)
        settle()
        sizes.append(pool.stats().size)
    equal(sizes, [1, 2, 2, 2, 2, 3, 4, 4, 4], "workers after each task")
    equal(rejected, [8, 9], "tasks that were rejected")
    for gate in gates:
        gate.set()
        settle()
    equal(starts, [1, 2, 6, 7, 3, 4, 5], "the order in which they start")
    equal(tuple(pool.stats()), (2, 0, 0, 4, 7), f"in the end: {STATS}")


def pool_small_ones(m):
    """ThreadPool with core = 0, with capacity 0, and with a queue without bound"""
    for core, maximum, capacity, sizes in (
        (0, 3, None, [1, 1, 1, 1]),
        (0, 2, 1, [1, 1, 2, 2]),
        (1, 3, 0, [1, 2, 3, 3]),
        (3, 3, None, [1, 2, 3, 3]),
    ):
        pool, gate, seen = (
            pool_of(m, core, maximum, 60.0, capacity),
            threading.Event(),
            [],
        )
        for _ in range(4):
            end_of(pool.execute, gate.wait)
            settle()
            seen.append(pool.stats().size)
        what = f"ThreadPool({core}, {maximum}, capacity={capacity})"
        equal(seen, sizes, f"{what}, four tasks that wait, workers")
        equal(pool.stats().largest, sizes[-1], f"{what}, the same, largest")
        gate.set()


def pool_idle(m):
    """ThreadPool(2, 2): tasks come one by one, a worker being idle"""
    pool = pool_of(m, 2, 2)
    sizes = []
    for _ in range(3):
        pool.execute(int)
        settle()
        sizes.append(pool.stats().size)
    equal(sizes, [1, 2, 2], "workers after each of three short tasks")
    gate, ran = threading.Event(), []
    pool.execute(gate.wait)
    pool.execute(lambda: ran.append("second"))
    settle()
    assert ran == ["second"], "the second task waits beside an idle worker"
    gate.set()


def pool_keeps_alive(m):
    """ThreadPool(1, 3, keep_alive=5): workers beyond core end after 5 idle seconds"""
    pool, gate = pool_of(m, 1, 3, 5.0, 0), threading.Event()
    for _ in range(3):
        pool.execute(gate.wait)
    time.sleep(10.0)
    assert pool.stats().size == 3, "a worker that runs a task has ended"
    gate.set()
    time.sleep(4.0)
    assert pool.stats().size == 3, "a worker ended after 4 s"
    time.sleep(2.0)
    assert pool.stats().size == 1, f"core is 1, after 6 s there are {pool.stats().size}"
    hasty = pool_of(m, 0, 1, 0.0, 1)
    hasty.execute(int)
    settle()
    assert hasty.stats().size == 0, "keep_alive is 0, and an idle worker lives on"


def pool_submits(m):
    """ThreadPool.submit: arguments, results, exceptions, cancelled futures"""
    left, ran, gate = [], [], threading.Event()
    pool = pool_of(m, 1, 1, left=left)
    future = pool.submit(lambda *a, **k: (a, k), 1, task=2)
    assert isinstance(future, m.Future), "submit must return a Future"
    assert future.result() == ((1,), {"task": 2}), f"the call got {future.result()}"
    error = Oops("task")

    def failing(error):
        raise error

    assert pool.submit(failing, error).exception() is error, "its exception is lost"
    leaver = pool.submit(failing, SystemExit(1)).exception()
    assert isinstance(leaver, SystemExit), f"a task raised SystemExit, got {leaver!r}"
    equal(left, [], "given to submit, it must end no worker")
    running = pool.submit(gate.wait)
    queued = pool.submit(lambda: ran.append("cancelled"))
    settle()
    got = running.running(), running.cancel(), queued.cancel()
    equal(got, (True, False, True), "running, cancel, cancel of a queued one")
    gate.set()
    settle()
    assert ran == [], "a task ran though its future was cancelled"
    completed = pool.stats().completed
    equal(completed, 5, "five tasks, the cancelled one included")


def pool_fails(m):
    """ThreadPool of one: a task given to execute raises, with another one behind it"""
    for core, kind in ((1, Oops), (1, SystemExit), (0, Oops)):
        left, ran = [], []
        pool = pool_of(m, core, 1, 60.0, left=left)

        def failing(kind=kind):
            raise kind("task")

        pool.execute(failing)
        pool.execute(lambda ran=ran: ran.append("next"))
        settle()
        what = f"core = {core}, a task raised {kind.__name__}"
        equal(left, [kind.__name__], f"{what}, these left the workers")
        assert ran == ["next"], f"{what}, and the task behind it did not run"
        equal(tuple(pool.stats()), (1, 0, 0, 1, 2), f"{what}: {STATS}")


def pool_polls(m):
    """ThreadPool(1, 1).poll: the oldest task first, also one of submit"""
    pool, gate, ran = pool_of(m, 1, 1), threading.Event(), []
    pool.execute(gate.wait)
    pool.execute(int)
    future = pool.submit(lambda: ran.append("submitted"))
    settle()
    assert pool.poll() is int, "poll must give the very task that execute was given"
    task = pool.poll()
    assert pool.poll() is None, "poll of an empty queue must give None"
    gate.set()
    settle()
    equal(ran, [], "what poll took must not run by itself")
    assert not future.done(), "the task of this future was taken by poll"
    task()
    equal((ran, future.done()), (["submitted"], True), "the polled task, when called")


def pool_asks_its_policy(m):
    """ThreadPool(1, 1, capacity=1), full: the policy asks the pool"""
    seen, gate = [], threading.Event()

    def policy(task, pool):
        seen.append((task, pool.stats().queued, pool.is_shutdown()))
        seen.append(pool.poll())
        raise Oops("policy")

    pool = pool_of(m, 1, 1, capacity=1, policy=policy)
    ended_by = [end_of(pool.execute, gate.wait), end_of(pool.execute, int)]
    ended_by += [end_of(pool.execute, str), pool.poll()]
    gate.set()
    equal(ended_by, [None, None, "Oops", None], "execute three times, then poll")
    equal(seen, [(str, 1, False), int], "what the policy saw and polled")


def pool_hand_off(m):
    """ThreadPool(0, 3, capacity=0): tasks come while one worker is idle"""
    pool, gate, sizes, ran = pool_of(m, 0, 3, 60.0, 0), threading.Event(), [], []
    for task in (int, gate.wait):
        pool.execute(task)
        settle()
        sizes.append(pool.stats().size)
    equal(sizes, [1, 1], "workers after a short task and after a second one")
    gate.set()
    settle()
    gate.clear()
    pool.execute(gate.wait)
    pool.execute(lambda: ran.append("second"))
    settle()
    equal(ran, ["second"], "two tasks for one idle worker, of which the first waits")
    gate.set()


def pool_arguments(m):
    """ThreadPool: what it refuses, the default policy, its own threads"""
    for wrong in ((-1, 1), (0, 0), (2, 1), (1, 1, -1.0), (1, 1, 0.0, -1)):
        got = end_of(m.ThreadPool, *wrong)
        equal(got, "ValueError", f"ThreadPool{wrong}")
    pool, gate, threads, got = m.ThreadPool(0, 2, capacity=0), threading.Event(), [], []

    def task():
        thread = threading.current_thread()
        threads.append((thread.name, thread.daemon))
        gate.wait()

    def user():
        for _ in range(3):
            got.append(end_of(pool.execute, task))
            settle()
        gate.set()
        settle()
        got.append(end_of(pool.execute, task))

    thread = threading.Thread(target=user, daemon=True)
    thread.start()
    thread.join()
    settle()
    want = [None, None, "Rejected", None]
    equal(
        got, want, "two workers, no policy, three tasks, and one when they have ended"
    )
    want = [(f"worker-{number}", False) for number in (1, 2, 3)]
    equal(threads, want, "made by tasks of a daemon: the threads' names, daemon")


def pool_no_thread(m):
    """ThreadPool: the thread_factory raises, then works"""
    broken, ran = [True], []

    def factory(run):
        if broken:
            raise Oops("factory")
        return threading.Thread(target=run, daemon=True)

    pool = m.ThreadPool(1, 1, thread_factory=factory)
    got = end_of(pool.execute, int)
    equal(got, "Oops", "execute, the factory raising Oops")
    equal(tuple(pool.stats()), (0, 0, 0, 0, 0), f"no worker began: {STATS}")
    broken.clear()
    pool.execute(lambda: ran.append("task"))
    settle()
    assert ran == ["task"], "then the factory works, and the task did not run"


def pool_grows_by_one(m):
    """ThreadPool(1, 2, capacity=1): two threads execute three tasks that wait"""
    pool, gate, ends = pool_of(m, 1, 2, 60.0, 1), threading.Event(), []

    def giver():
        ends.append(end_of(pool.execute, gate.wait))

    threads = started(giver)
    ends.append(end_of(pool.execute, gate.wait))
    ended(threads)
    settle()
    equal(pool.stats()[:3], (1, 1, 1), "one runs, one waits: size, active, queued")
    ends.append(end_of(pool.execute, gate.wait))
    ends.append(end_of(pool.execute, gate.wait))
    equal(ends, [None, None, None, "Rejected"], "four times execute")
    assert pool.stats().largest == 2, f"at most two workers: {pool.stats()}"
    gate.set()
    settle()
    assert pool.stats().completed == 3, f"three tasks ran: {pool.stats()}"


def pool_wakes_its_workers(m):
    """ThreadPool(2, 2): two threads execute while two workers are idle"""
    left, ran = [], []
    pool = pool_of(m, 2, 2, left=left)
    pool.execute(int)
    pool.execute(int)
    settle()

    def giver():
        pool.execute(lambda: ran.append("a"))

    threads = started(giver)
    pool.execute(lambda: ran.append("b"))
    ended(threads)
    settle()
    assert sorted(ran) == ["a", "b"], f"a and b were executed, these ran: {ran}"
    equal(left, [], "a worker ended with")
    equal(pool.stats()[::4], (2, 4), "size and completed")


def pool_cancel_or_run(m):
    """ThreadPool(1, 1): a future is cancelled as its task begins"""
    left, ran = [], []
    pool = pool_of(m, 1, 1, left=left)
    future = pool.submit(lambda: ran.append("ran"))
    ran += ["cancelled"] * future.cancel()
    settle()
    assert len(ran) == 1, f"it must run or be cancelled, never both: {ran}"
    equal(left, [], "a worker ended with")


def pool_replaces(m):
    """ThreadPool(1, 1): a task is executed as a worker that failed is replaced"""
    left, ran = [], []
    pool = pool_of(m, 1, 1, left=left)

    def failing():
        raise Oops("task")

    def giver():
        pool.execute(failing)

    ended(started(giver))
    pool.execute(lambda: ran.append("next"))
    settle()
    equal(left, ["Oops"], "these left the workers")
    assert ran == ["next"], "the task behind the failing one did not run"
    equal(tuple(pool.stats()), (1, 0, 0, 1, 2), STATS)


def pool_last_moment(m):
    """ThreadPool(0, 1, keep_alive=1): a task comes as its worker gives up"""
    left, ran = [], []
    pool = pool_of(m, 0, 1, 1.0, 1, left)
    pool.execute(lambda: ran.append("a"))
    time.sleep(1.0)
    pool.execute(lambda: ran.append("b"))
    settle()
    equal(ran, ["a", "b"], "a and b were executed, these ran")
    time.sleep(2.0)
    assert pool.stats().size == 0, f"all idle for 2 s, and yet {pool.stats()}"
    equal(left, [], "a worker ended with")


def pool_counts(m):
    """ThreadPool(2, 2): two tasks end at the same time"""
    pool = pool_of(m, 2, 2)
    pool.execute(int)
    pool.execute(int)
    settle()
    equal(tuple(pool.stats()), (2, 0, 0, 2, 2), f"two tasks ended: {STATS}")


def pool_one_moment(m):
    """ThreadPool(2, 2): stats while another thread executes a task"""
    pool, gate = pool_of(m, 2, 2), threading.Event()

    def giver():
        pool.execute(gate.wait)

    threads = started(giver)
    stats = pool.stats()
    ended(threads)
    gate.set()
    assert stats.active <= stats.size == stats.largest, f"not of one moment: {stats}"


def pool_rules(program):
    scenes = [pool_nine_tasks, pool_small_ones, pool_idle, pool_keeps_alive]
    scenes += [pool_hand_off]
    return alone(program, scenes)


def pool_tasks(program):
    return alone(program, [pool_submits, pool_fails, pool_polls, pool_asks_its_policy])


def pool_edges(program):
    return alone(program, [pool_arguments, pool_no_thread])


def pool_races(program):
    scenes = [pool_grows_by_one, pool_wakes_its_workers, pool_cancel_or_run]
    scenes += [pool_replaces, pool_last_moment]
    return explored(program, scenes, spurious=True)


def pool_books(program):
    scenes, watched = [pool_counts, pool_one_moment], ["ThreadPool"]
    return explored(program, scenes, bound=1, watched=watched, races=False)


@pytest.mark.task("ThreadPool")
def test_pool_rules(student):
    judge(student.explore(pool_rules), STEP_5)


@pytest.mark.task("ThreadPool")
def test_pool_tasks(student):
    judge(student.explore(pool_tasks), STEP_5)


@pytest.mark.task("ThreadPool")
def test_pool_edges(student):
    judge(student.explore(pool_edges), STEP_5)


@pytest.mark.task("ThreadPool")
def test_pool_races(student):
    judge(student.explore(pool_races), STEP_5)


@pytest.mark.task("ThreadPool")
def test_pool_books(student):
    judge(student.explore(pool_books), STEP_5)


# --- 8: how a pool ends -------------------------------------------------------------


def end_in_order(m):
    """shutdown_and_await, patience 5: three tasks of 1 s"""
    pool, ran = pool_of(m, 1, 1), []
    for name in "abc":
        pool.execute(lambda name=name: (time.sleep(1.0), ran.append(name)))
    terminated, never_ran = m.shutdown_and_await(pool, 5.0, 1.0)
    equal((terminated, len(never_ran)), (True, 0), "terminated, tasks that never ran")
    equal(ran, ["a", "b", "c"], "tasks that ran")
    assert time.monotonic() == 3.0, f"it took {time.monotonic():g} s instead of 3 s"


def end_at_once(m):
    """shutdown_and_await, patience 3: tasks of 2 s, and the second needs a grace"""
    for grace, over, took in ((None, True, 4.0), (2.0, True, 4.0), (0.5, False, 3.5)):
        pool, ran, begun = pool_of(m, 1, 1), [], time.monotonic()
        tasks = [
            lambda n=n, ran=ran: (time.sleep(2.0), ran.append(n)) for n in range(4)
        ]
        for task in tasks:
            pool.execute(task)
        terminated, left = m.shutdown_and_await(pool, 3.0, grace)
        spent = time.monotonic() - begun
        what = f"grace {grace}"
        names = [tasks.index(task) if task in tasks else task for task in left]
        equal(names, [2, 3], f"{what}: tasks that never ran")
        equal(terminated, over, f"{what}: terminated")
        assert spent == took, f"{what}: it took {spent:g} s instead of {took:g} s"
        time.sleep(9.0)
        equal(ran, [0, 1], f"{what}: tasks that ran")


def end_states(m):
    """ThreadPool.shutdown: what runs and what is queued still ends"""
    pool, gate, ran = pool_of(m, 1, 1), threading.Event(), []
    pool.execute(gate.wait)
    pool.execute(lambda: ran.append("queued"))
    assert (pool.is_shutdown(), pool.is_terminated()) == (False, False), "an open pool"
    pool.shutdown()
    pool.shutdown()
    late = end_of(pool.execute, int)
    equal(late, "Rejected", "execute after shutdown")
    got = pool.is_shutdown(), pool.is_terminated(), pool.await_termination(2.0)
    want = (True, False, False)
    equal(got, want, "is_shutdown, is_terminated, await_termination(2.0)")
    got = pool.await_termination(0), pool.await_termination(-1.0)
    equal(got, (False, False), "await_termination(0) and (-1.0), a task running")
    gate.set()
    assert pool.await_termination() is True, "await_termination() must give True"
    assert ran == ["queued"], "a task queued before shutdown did not run"
    assert pool.is_terminated() is True, "is_terminated in the end"
    assert pool.await_termination(0) is True, "await_termination(0) in the end"


def end_now_states(m):
    """ThreadPool.shutdown_now: gives back what is queued, and what runs goes on"""
    pool, gate, ran = pool_of(m, 1, 1), threading.Event(), []
    running = pool.submit(gate.wait)
    tasks = [lambda n=n: ran.append(n) for n in range(2)]
    for task in tasks:
        pool.execute(task)
    future = pool.submit(ran.append, "future")
    settle()
    left = pool.shutdown_now()
    assert left[:2] == tasks, "the queued tasks must come back, the oldest first"
    assert len(left) == 3, f"three tasks were queued, {len(left)} came back"
    assert not future.done(), "the future of a task given back must stay pending"
    assert running.running(), "a task that runs must go on"
    assert pool.is_terminated() is False, "terminated, though a task runs"
    assert end_of(pool.execute, int) == "Rejected", "execute after shutdown_now"
    gate.set()
    assert pool.await_termination() is True, "await_termination() must give True"
    equal(ran, [], "what was given back has run")


def end_with(m):
    """ThreadPool in a with block: it waits for its tasks, even where that raises"""
    ran = []
    for name in ("quiet", "Oops"):
        try:
            pool = pool_of(m, 1, 1)
            with pool as inner:
                assert inner is pool, "with must give the pool itself"
                pool.execute(lambda name=name: (time.sleep(3.0), ran.append(name)))
                if name == "Oops":
                    raise Oops("block")
        except Oops:
            ran.append("left")
    equal(ran, ["quiet", "Oops", "left"], "in this order")


def end_of_idle_workers(m):
    """ThreadPool(2, 2): shut down while both workers are idle, and two threads wait"""
    seen, left = [], []
    pool = pool_of(m, 2, 2, left=left)
    pool.execute(int)
    pool.execute(int)

    def waiter():
        seen.append(pool.await_termination(60.0))

    threads = started(waiter)
    pool.shutdown()
    seen.append(pool.await_termination())
    ended(threads)
    equal(seen, [True, True], "await_termination gave")
    assert time.monotonic() < 60, "a waiter with a timeout was not woken"
    equal(pool.stats()[::4], (0, 2), "terminated: size and completed")
    equal(left, [], "a worker ended with")


def end_now_of_idle_workers(m):
    """ThreadPool(2, 2): shutdown_now while both workers are idle"""
    pool = pool_of(m, 2, 2)
    pool.execute(int)
    pool.execute(int)
    settle()
    equal(pool.shutdown_now(), [], "nothing is queued, shutdown_now")
    assert pool.await_termination() is True, "await_termination() must give True"
    equal(pool.stats().size, 0, "terminated, the size")


def end_takes_its_time(m):
    """ThreadPool.await_termination(4.0): shut down after 3 s, ended after 7 s"""
    pool, seen = pool_of(m, 1, 1), []
    pool.execute(lambda: time.sleep(7.0))

    def waiter():
        seen.append((pool.await_termination(4.0), time.monotonic()))
        seen.append((pool.await_termination(60.0), time.monotonic()))

    threads = started(waiter)
    time.sleep(3.0)
    pool.shutdown()
    ended(threads)
    want = [(False, 4.0), (True, 7.0)]
    equal(seen, want, "await_termination(4.0), then (60.0), and when")


def end_at_the_end(m):
    """ThreadPool terminates as the time of await_termination is up"""
    pool, seen = pool_of(m, 1, 1), []
    pool.execute(lambda: time.sleep(1.0))
    pool.shutdown()

    def waiter():
        seen.append((pool.await_termination(1.0), pool.is_terminated()))

    ended(started(waiter))
    what = "right after await_termination gave it, is_terminated"
    equal(seen[0][1], seen[0][0], what)


def end_or_execute(m):
    """ThreadPool(1, 1): one thread shuts down while another one executes"""
    pool, ran, taken = pool_of(m, 1, 1), [], []

    def giver():
        for name in "ab":
            if end_of(pool.execute, lambda name=name: ran.append(name)) is None:
                taken.append(name)

    threads = started(giver)
    pool.shutdown()
    assert pool.await_termination() is True, "await_termination() must give True"
    before = list(ran)
    ended(threads)
    settle()
    assert ran == before, "a task began after the pool had terminated"
    equal(ran, taken, f"accepted {taken}, ran")


def end_with_a_queue(m):
    """ThreadPool(1, 1): shut down while two tasks are queued and two threads wait"""
    pool, ran, seen = pool_of(m, 1, 1), [], []
    for name in "abc":
        pool.execute(lambda name=name: ran.append(name))

    def waiter():
        seen.append((pool.await_termination(), list(ran)))

    threads = started(waiter)
    pool.shutdown()
    seen.append((pool.await_termination(), list(ran)))
    ended(threads)
    want = [(True, ["a", "b", "c"])] * 2
    equal(seen, want, "await_termination gave, after these tasks")


def end_of_nothing(m):
    """ThreadPool without a worker: shut down while a thread waits for its end"""
    for how in ("shutdown", "shutdown_now"):
        pool, seen = pool_of(m, 1, 1), []

        def waiter(pool=pool, seen=seen):
            seen.append(pool.await_termination())

        threads = started(waiter)
        getattr(pool, how)()
        ended(threads)
        equal(seen, [True], f"{how}, await_termination gave")


def end_after_a_failure(m):
    """ThreadPool(1, 1), shut down: two tasks raise with another one between them"""
    ran, gate, made = [], threading.Event(), []

    def factory(run):
        def guarded():
            made.append(threading.current_thread().name)
            end_of(run)

        return threading.Thread(target=guarded, daemon=True)

    def failing():
        gate.wait()
        raise Oops("task")

    pool = m.ThreadPool(1, 1, thread_factory=factory)
    pool.execute(failing)
    pool.execute(lambda: ran.append("queued"))
    pool.execute(failing)
    pool.shutdown()
    gate.set()
    assert pool.await_termination() is True, "await_termination() must give True"
    settle()
    assert ran == ["queued"], "the task behind the failing one did not run"
    equal(len(made), 2, "the second failing task is the last one; workers started")


class Closing:
    """A stand-in for a pool that terminates in time, and notes what it is asked."""

    def __init__(self):
        self.log = []

    def shutdown(self):
        self.log.append("shutdown")

    def shutdown_now(self):
        self.log.append("shutdown_now")
        return []

    def await_termination(self, timeout=None):
        self.log.append(f"await_termination({timeout})")
        return True

    def is_terminated(self):
        return "await_termination(2.0)" in self.log


def end_asks(m):
    """shutdown_and_await on a pool that terminates in time: what it calls"""
    pool = Closing()
    equal(m.shutdown_and_await(pool, 2.0, 3.0), (True, []), "shutdown_and_await")
    equal(pool.log, ["shutdown", "await_termination(2.0)"], "it called")


def ends_in_turn(program):
    scenes = [end_states, end_now_states, end_with, end_in_order, end_at_once]
    scenes += [end_now_of_idle_workers, end_asks]
    return then(alone(program, scenes), unhurried, program, [end_at_the_end])


def ends(program):
    scenes = [end_of_idle_workers, end_or_execute, end_with_a_queue]
    scenes += [end_takes_its_time]
    return explored(program, scenes, spurious=True)


def ends_oddly(program):
    return explored(program, [end_of_nothing, end_after_a_failure], bound=1)


@pytest.mark.task("shutdown_and_await")
def test_end_in_turn(student):
    judge(student.explore(ends_in_turn), STEP_6)


@pytest.mark.task("shutdown_and_await")
def test_end_under_all_schedules(student):
    judge(student.explore(ends), STEP_6)


@pytest.mark.task("shutdown_and_await")
def test_end_in_odd_cases(student):
    judge(student.explore(ends_oddly), STEP_6)


# --- 9: map_reduce ------------------------------------------------------------------


class Later:
    """A future that does no more than the contract promises."""

    def __init__(self, call):
        self.value = self.error = None
        self.thread = threading.Thread(target=self.run, args=(call,), daemon=True)
        self.thread.start()

    def run(self, call):
        try:
            self.value = call()
        except BaseException as error:
            self.error = error

    def exception(self):
        self.thread.join()
        return self.error

    def result(self):
        if self.exception() is not None:
            raise self.error
        return self.value

    def cancel(self):
        return False

    def __getattr__(self, name):
        raise AttributeError(f"the contract does not promise that futures have {name}")


class Hands:
    """A stand-in for a pool: each task in a thread of its own; some are rejected."""

    def __init__(self, refusal=None, refuses=()):
        self.refusal, self.refuses, self.functions = refusal, refuses, []

    def submit(self, function, *args):
        self.functions.append(function)
        if len(self.functions) in self.refuses:
            raise self.refusal
        return Later(lambda: function(*args))

    def shutdown(self, *args, **kwargs):
        raise AssertionError("the pool must stay open")


def map_words(m):
    """map_reduce: the words of three texts, of which the first takes longest"""
    threads = set()

    def count(text):
        time.sleep(len(text))
        threads.add(threading.current_thread().name)
        return [(word, text[0]) for word in text.split()]

    texts = ["the queue is very full", "a pool is idle", "full is idle"]
    got = m.map_reduce(texts, count, lambda a, b: f"({a}{b})", Hands())
    want = {"the": "t", "queue": "t", "is": "((ta)f)", "very": "t", "full": "(tf)"}
    want |= {"a": "a", "pool": "a", "idle": "(af)"}
    equal(got, want, "values in the order of the texts")
    equal(list(got), list(want), "keys in the order in which they are met")
    assert "main" not in threads, "the mapper ran in the calling thread"


def map_lazily(m):
    """map_reduce: a mapper that is a generator, no items, and None as a key"""
    threads = set()

    def mapper(item):
        yield None, item
        threads.add(threading.current_thread().name)

    got = m.map_reduce(iter([0, None]), mapper, lambda a, b: [a, b], Hands())
    equal(got, {None: [0, None]}, "items 0 and None, one key")
    assert "main" not in threads, "a generator must be used up on the pool"
    assert m.map_reduce([], mapper, max, Hands()) == {}, "no items must give {}"


def map_elsewhere(m):
    """map_reduce submits functions that another process can find by their names"""
    hands = Hands()
    m.map_reduce([1, 2], lambda item: [], max, hands)
    names = [getattr(f, "__qualname__", "no name") for f in hands.functions]
    assert len(names) == 2, f"two items, {len(names)} times submit"
    found = all("<" not in name for name in names)
    assert found, f"only functions at the top of a file have such names, not {names[0]}"


def map_rejected(m):
    """map_reduce: the pool rejects the second of three items"""
    log = []

    def items():
        for name in "abc":
            log.append(f"read {name}")
            yield name

    def mapper(item):
        if threading.current_thread().name == "main":
            log.append(f"map {item}")
        return [("all", item)]

    hands = Hands(m.Rejected("full"), refuses=(2,))
    got = m.map_reduce(items(), mapper, lambda a, b: f"({a}{b})", hands)
    equal(got, {"all": "((ab)c)"}, "items a, b and c")
    want = ["read a", "read b", "map b", "read c"]
    equal(log, want, "in the calling thread")


def map_fails(m):
    """map_reduce: of four items the third fails first, then the second"""
    for kind in (Oops, SystemExit):
        log = []

        def mapper(item, log=log, kind=kind):
            log.append(f"begin {item}")
            time.sleep({"a": 4.0, "b": 2.0, "c": 1.0, "d": 8.0}[item])
            log.append(f"end {item}")
            if item in "bc":
                raise kind(item)
            return [("all", item)]

        got = "no error"
        try:
            m.map_reduce("abcd", mapper, max, Hands())
        except kind as error:
            got = str(error)
        equal(
            got, "b", f"b and c raise {kind.__name__}, b comes first in order; raised"
        )
        running = sum(1 if line.startswith("begin") else -1 for line in log)
        assert running == 0, f"it ended while an item was being mapped: {log}"


def map_fails_here(m):
    """map_reduce: both items fail, and the pool rejects the second one"""

    def mapper(item):
        time.sleep(2.0 if item == "a" else 0.0)
        raise Oops(item)

    got = "no error"
    try:
        m.map_reduce("ab", mapper, max, Hands(m.Rejected("full"), refuses=(2,)))
    except Oops as error:
        got = str(error)
    equal(got, "a", "a comes first in order, raised")


def map_combine_fails(m):
    """map_reduce on a ThreadPool(2, 2): combine raises while items are mapped"""
    log, pool = [], pool_of(m, 2, 2)

    def mapper(item):
        log.append(f"begin {item}")
        time.sleep(1.0 + item)
        log.append(f"end {item}")
        return [("all", item)]

    def combine(a, b):
        raise Oops("combine")

    got = end_of(m.map_reduce, range(6), mapper, combine, pool)
    equal(got, "Oops", "combine raises Oops, map_reduce")
    before = list(log)
    time.sleep(60.0)
    assert log == before, f"after map_reduce had raised: {log[len(before) :]}"
    assert pool.submit(int).result() == 0, "the pool must stay open"


def map_fails_early(m):
    """map_reduce on a ThreadPool(1, 1): the first of four items fails"""
    log, pool = [], pool_of(m, 1, 1)

    def mapper(item):
        log.append(item)
        time.sleep(1.0)
        raise Oops(item)

    got = end_of(m.map_reduce, "abcd", mapper, max, pool)
    equal(got, "Oops", "the mapper raises Oops, map_reduce")
    time.sleep(60.0)
    assert len(log) <= 2, f"a failed, and what waits must be cancelled; mapped: {log}"


def maps(program):
    return alone(program, [map_words, map_rejected, map_lazily, map_elsewhere])


def maps_with_errors(program):
    scenes = [map_fails, map_fails_here, map_fails_early, map_combine_fails]
    return alone(program, scenes)


@pytest.mark.task("map_reduce")
def test_map_reduce(student):
    judge(student.explore(maps), STEP_7)


@pytest.mark.task("map_reduce")
def test_map_reduce_with_errors(student):
    judge(student.explore(maps_with_errors), STEP_7)
