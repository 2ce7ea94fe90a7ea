"""Hidden tests of lesson 05: under the schedule explorer, beside a JDK, and for real.

A *body* is a small program over the submission's names; its docstring is what a student
reads about it. `program.explore` runs it under every schedule up to a bound, and the
counterexample's story becomes the evidence. Time is virtual there: `time.sleep` waits
until nobody else can run. A *script* of java/golden.json is played step by step, and
what the pool looks like is compared with what a JDK's did. Each test asks everything
first and judges afterwards, so that known mistakes can be told apart. The file is long
because a lesson keeps its hidden tests in one file, in the order of its tasks.
"""

import functools
import itertools
import json
import math
import re
import threading
import time
from pathlib import Path

import pytest

from autograder.student.testing import check

CONTRACT = "The contract in the docstring."
STEP_1 = "Chapter, step 1."
STEP_2 = "Chapter, step 2."
STEP_3 = "Chapter, step 3."
STEP_4 = "Chapter, step 4."
STEP_5 = "Chapter, step 5."
STEP_6 = "Chapter, step 6."
STEP_7 = "Chapter, step 7."
STORY_LINES = 9
STEP = re.compile(r" *\d+ [> ] (.+?) +line (\d+) +(.{44})  (.*)")
DULL = ("release", "notify 0", "start", "look at")


# --- what all bodies use ------------------------------------------------------------


def explored(program, bodies, **options):
    """Explore each body; return what was found by the body's name."""
    rules = {"bound": 2, "schedules": 1200, "random_schedules": 60, **options}
    found = {}
    for body in bodies:
        result = program.explore(body, **rules)
        found[body.__name__] = {"found": result, "said": essence(result)}
    return found


def essence(result):
    """What a body's assertion said: it tells mistakes apart where stories differ."""
    text = result["message"].partition("AssertionError: ")[2]
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


def outcome(call, *args, **kwargs):
    """Return ("gave", value) or ("raised", the exception's name)."""
    try:
        return "gave", call(*args, **kwargs)
    except NotImplementedError:
        raise
    except Exception as error:
        return "raised", type(error).__name__


def gave(got, want, what):
    """Assert the outcome of a call; a program's own exception is a kind of outcome."""
    assert got == ("gave", want), f"{what} {said(got)} instead of giving {want!r}"


def refused(got, name, what):
    """Assert that a call raised that exception."""
    assert got == ("raised", name), f"{what} {said(got)} instead of raising {name}"


def said(got):
    """Put an outcome into words."""
    return f"{got[0]} {got[1]!r}" if got[0] == "gave" else f"raised {got[1]}"


def judge(found, look):
    """Fail with the shortest story of the first body that failed."""
    for name, entry in found.items():
        result = entry["found"]
        if result["kind"] != "ok":
            where = " ".join((globals()[name].__doc__ or name).split()).rstrip(".")
            check.true(False, where=where, evidence=tale(result), look=look)


def tale(result):
    """Shorten a counterexample to what happened, and its last steps, line by line."""
    message = result["message"].splitlines()
    steps = [STEP.match(line) for line in result["story"]]
    kept = [
        f"  {thread}, line {number}: {done}   [{code.strip()}]"
        for thread, number, code, done in (step.groups() for step in steps if step)
        if not done.startswith(DULL)
    ]
    if len(kept) > STORY_LINES:
        kept = ["  ...", *kept[-STORY_LINES:]]
    told = [_plainly(result["kind"], line) for line in message]
    if result["kind"] == "exception" and not result["schedule"]:
        return "\n".join(told)  # it fails whoever goes first: no story to tell
    return "\n".join([*told, "in this schedule:", *kept] if kept else told)


def _plainly(kind, line):
    marks = ("in main: AssertionError: ", "AssertionError: ")
    for mark in marks:
        line = line.replace(mark, "")
    return line.split(" at line ")[0] if kind == "exception" else f"{kind}: {line}"


# --- threads_of_this_process --------------------------------------------------------


def some_threads(lesson, names):
    """Return the rows beside threads that sleep at known depths, and who asked."""
    import threading

    gate, ready = threading.Event(), threading.Semaphore(0)

    def deep(n):
        if n:
            return deep(n - 1)
        ready.release()
        return gate.wait()

    def short():
        ready.release()
        gate.wait()

    threads = []
    for number, name in enumerate(names):
        work = (lambda n=number: deep(n)) if number % 2 else short
        thread = threading.Thread(target=work, name=name, daemon=number % 3 != 1)
        threads.append(thread)
        thread.start()
    for _ in threads:
        ready.acquire()
    ended = threading.Thread(target=short, name="ended")
    idents = {thread.name: thread.ident for thread in threads}
    try:
        rows = [tuple(row) for row in lesson.threads_of_this_process()]
        fields = lesson.threads_of_this_process()[0]
        named = [fields.name, fields.ident, fields.daemon, fields.stack]
        me = threading.get_ident()
    finally:
        gate.set()
        for thread in threads:
            thread.join()
    ended.start()
    ready.acquire()
    ended.join()
    later = [row[0] for row in lesson.threads_of_this_process()]
    return rows, named, idents, me, later


@pytest.mark.task("threads_of_this_process", weight=1)
def test_threads(student, rng):
    tag = int(rng.integers(10**6))
    names = [f"{c}-{tag}" for c in "qbzab"] + [f"b-{tag}"]
    rows, named, idents, me, later = student.run(some_threads, names=names)

    where = "threads_of_this_process, beside six threads that wait"
    check.plain(rows, where)
    by_name = [row for row in rows if str(row[0]).endswith(f"-{tag}")]
    check.equal(
        [row[0] for row in by_name],
        sorted(names),
        where=f"{where}: names, in order",
        look=CONTRACT,
    )
    check.equal(rows[0], tuple(named), where=f"{where}: fields", look=CONTRACT)
    check.equal(rows, sorted(rows), where=f"{where}: rows in order", look=CONTRACT)
    twins = [row[1] for row in by_name if row[0] == f"b-{tag}"]
    check.equal(twins, sorted(twins), where=f"{where}: order of equal names")
    for row in by_name:
        number = names.index(row[0])
        if row[0] != f"b-{tag}":
            check.equal(row[1], idents[row[0]], where=f"{where}: ident", look=STEP_1)
            check.equal(row[2], number % 3 != 1, where=f"{where}: daemon", look=STEP_1)
        stack = list(row[3])
        check.equal(type(row[3]).__name__, "tuple", where=f"{where}: type of stack")
        depth = stack.count("deep")
        if row[0] != f"b-{tag}":
            want = number + 1 if number % 2 else 0
            evidence = f"{depth} frames of a function that is {want} calls deep"
            check.true(depth == want, where=where, evidence=evidence, look=STEP_1)
        inner = "deep" if "deep" in stack else "short"
        order = "run" in stack and stack.index("run") < stack.index(inner)
        order = order and stack.index("wait") > stack.index(inner)
        evidence = "the outermost function must come first, the innermost last"
        check.true(order, where=f"{where}: stack", evidence=evidence, look=STEP_1)
        evidence = f"it begins with {stack[0]!r}: it must begin where the thread does"
        outermost = stack[0] == "_bootstrap" and stack[1] == "_bootstrap_inner"
        check.true(outermost, where=f"{where}: stack", evidence=evidence, look=STEP_1)
        ends = stack[-1] == "wait" or stack[-1] in ("acquire", "_wait")
        evidence = f"it ends with {stack[-1]!r}: it must end where the thread is"
        check.true(ends, where=f"{where}: stack", evidence=evidence, look=STEP_1)
    mine = [row for row in rows if row[1] == me]
    evidence = "it must be listed, with this very function on its stack"
    here = bool(mine) and "threads_of_this_process" in mine[0][3]
    check.true(here, where=f"{where}: the asking thread", evidence=evidence)
    gone = not set(later) & {*names, "ended"}
    evidence = "a thread is listed that has ended, or never started"
    check.true(gone, where=where, evidence=evidence, look=STEP_1)


# --- interleavings and lost_updates -------------------------------------------------


def first_merges(lesson, a, b, n):
    """Return the first n merges, and whether they come lazily and a, b stay."""
    import itertools

    kept = list(a), list(b)
    given = lesson.interleavings(a, b)
    merges = list(itertools.islice(given, n))
    return merges, iter(given) is given, (list(a), list(b)) == kept


def merges_of(a, b):
    """Every merge, a first, by another road than the reference's."""
    if not a or not b:
        return [tuple(a) + tuple(b)]
    return [(a[0], *rest) for rest in merges_of(a[1:], b)] + [
        (b[0], *rest) for rest in merges_of(a, b[1:])
    ]


@pytest.mark.task("interleavings", weight=2)
def test_every_merge(student, rng):
    tag = int(rng.integers(1000))
    pairs = {
        "two and three steps": ([f"a{tag}", "b"], ["x", "y", "z"]),
        "four and two steps": ((1, 2, 3, 4), (-1, -2)),
        "no step and two steps": ([], ["x", "y"]),
        "two steps and no step": (["a", "b"], []),
        "no steps at all": ([], []),
        "equal steps": (["s", "s"], ["s", "s"]),
        "steps that are None": ([None, 0], [None]),
        "two strings": ("abc", "xyz"),
        "a range": (range(5), range(10, 14)),
    }
    got = {
        k: student.run(first_merges, a=a, b=b, n=1000) for k, (a, b) in pairs.items()
    }
    long = [[("a", i) for i in range(200)], [("b", i) for i in range(200)]]
    head, lazy, _ = student.run(first_merges, a=long[0], b=long[1], n=3)

    for kind, (a, b) in pairs.items():
        where = f"interleavings of {kind}"
        want = merges_of(a, b)
        merges, lazy, same = got[kind]
        check.equal(len(merges), len(want), where=f"{where}: how many", look=STEP_2)
        check.equal(sorted(map(repr, merges)), sorted(map(repr, want)), where=where)
        check.equal(merges, want, where=f"{where}: in this order", look=CONTRACT)
        check.true(same, where=where, evidence="an argument was changed")
        evidence = "it must be an iterator, not a list"
        check.true(lazy, where=where, evidence=evidence, look=CONTRACT)
    where = "interleavings of 200 and 200 steps, the first three"
    a, b = long
    want = [
        tuple(a + b),
        (*a[:-1], b[0], a[-1], *b[1:]),
        (*a[:-1], *b[:2], a[-1], *b[2:]),
    ]
    check.true(head == want, where=where, evidence="they are others", look=CONTRACT)


@functools.cache
def final_values(first, second):
    """Count final values by states, not by schedules."""
    states = {((first, 0, None), (second, 0, None), 0): 1}
    ends = {}
    while states:
        after = {}
        for (one, two, x), ways in states.items():
            if not one[0] and not two[0]:
                ends[x] = ends.get(x, 0) + ways
                continue
            for me, mine in enumerate((one, two)):
                left, step, register = mine
                if not left:
                    continue
                value = x
                if step == 0:
                    moved = (left, 1, x)
                elif step == 1:
                    moved = (left, 2, register + 1)
                else:
                    value, moved = register, (left - 1, 0, None)
                key = (moved, two, value) if me == 0 else (one, moved, value)
                after[key] = after.get(key, 0) + ways
        states = after
    return ends


@pytest.mark.task("lost_updates", weight=2)
def test_final_values(student):
    pairs = [(1, 1), (2, 1), (1, 2), (2, 2), (0, 3), (2, 0), (0, 0), (1, 4), (3, 2)]
    got = {pair: student.lost_updates(*pair) for pair in pairs}
    plain = student.lost_updates()
    named = student.lost_updates(second=2)

    for pair, counts in {**got, (1, 1): got[1, 1]}.items():
        want = final_values(*pair)
        where = f"lost_updates{pair}"
        check.plain(counts, where)
        most = math.comb(3 * sum(pair), 3 * pair[0])
        total = sum(counts.values()) if isinstance(counts, dict) else None
        check.equal(total, most, where=f"{where}: schedules in all", look=STEP_2)
        check.equal(counts, want, where=where, look=STEP_2)
    check.equal(plain, final_values(1, 1), where="lost_updates()", look=CONTRACT)
    check.equal(named, final_values(1, 2), where="lost_updates(second=2)")


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


# --- Future -------------------------------------------------------------------------


def future_states(m):
    """Future used by one thread: its states, and what may follow which"""
    future = m.Future()
    state = future.cancelled(), future.running(), future.done()
    assert state == (False, False, False), f"pending: cancelled, running, done {state}"
    gave(outcome(future.start), True, "start on a pending future")
    state = future.cancelled(), future.running(), future.done()
    assert state == (False, True, False), f"running: cancelled, running, done {state}"
    refused(outcome(future.start), "InvalidState", "start on a running future")
    gave(outcome(future.cancel), False, "cancel on a running future")
    refused(outcome(future.result, timeout=0), "TimeoutError", "result(timeout=0)")
    refused(outcome(future.exception, -1.0), "TimeoutError", "exception(-1.0)")
    gave(outcome(future.set_result, None), None, "set_result(None)")
    state = future.cancelled(), future.running(), future.done()
    assert state == (False, False, True), f"with a result of None: {state}"
    gave(outcome(future.result, 0), None, "result(0) after set_result(None)")
    gave(outcome(future.exception, 0), None, "exception() of a future with a value")
    refused(outcome(future.set_result, 2), "InvalidState", "a second set_result")
    later = outcome(future.set_exception, ValueError())
    refused(later, "InvalidState", "set_exception after set_result")
    refused(outcome(future.start), "InvalidState", "start on a done future")
    gave(outcome(future.cancel), False, "cancel on a done future")
    gave(outcome(future.result), None, "result after what was refused")
    assert future.cancelled() is False, "a done future is not cancelled by cancel"


def future_with_exception(m):
    """Future with an exception: the very object comes out"""
    future, error = m.Future(), KeyError("k")
    future.set_exception(error)
    for _ in range(2):
        try:
            got = future.result()
        except KeyError as raised:
            got = raised
        assert got is error, "result must raise the object that set_exception was given"
    assert future.exception() is error, "exception must return that object"
    state = future.done(), future.running()
    assert state == (True, False), f"done, running {state}"
    refused(outcome(future.set_result, 1), "InvalidState", "set_result after it")
    leaver = m.Future()
    leaver.start()
    leaver.set_exception(SystemExit(3))
    try:
        got = leaver.result(0)
    except SystemExit as raised:
        got = raised
    assert isinstance(got, SystemExit), "a future must hold a SystemExit too"
    value = m.Future()
    value.set_result(error)
    assert value.result() is error, "an exception may be a value like any other"
    assert value.exception() is None, "then there is no exception"


def future_cancelled(m):
    """Future, cancelled while it is pending"""
    future, called = m.Future(), []
    future.add_done_callback(lambda f: called.append(f.cancelled()))
    gave(outcome(future.cancel), True, "cancel on a pending future")
    assert called == [True], f"cancel must call the callbacks, they saw {called}"
    state = future.cancelled(), future.running(), future.done()
    assert state == (True, False, True), f"cancelled: cancelled, running, done {state}"
    gave(outcome(future.cancel), True, "a second cancel")
    assert called == [True], "a second cancel must not call the callbacks again"
    gave(outcome(future.start), False, "start on a cancelled future")
    gave(outcome(future.start), False, "a second start on a cancelled future")
    refused(outcome(future.set_result, 1), "InvalidState", "set_result when cancelled")
    later = outcome(future.set_exception, ValueError())
    refused(later, "InvalidState", "set_exception when cancelled")
    refused(outcome(future.result), "Cancelled", "result of a cancelled future")
    refused(outcome(future.exception, 0), "Cancelled", "exception of it")
    assert future.cancelled(), "what was refused must not change it"


def future_callbacks(m):
    """Future: callbacks are called once, in order, with the future"""
    future, log = m.Future(), []
    for name in "abc":
        future.add_done_callback(lambda f, name=name: log.append((name, f is future)))
    assert log == [], "callbacks must wait until it is done"
    future.set_result(1)
    want = [("a", True), ("b", True), ("c", True)]
    assert log == want, f"callbacks called, with that very future: {log}"
    future.add_done_callback(lambda f: log.append(("late", f.result())))
    assert log[3:] == [("late", 1)], "on a done future a callback runs at once"
    assert len(log) == 4, "only the new callback runs then"
    assert future.callback_errors == [], "nothing was raised"


def future_callback_raises(m):
    """Future: a callback that raises stops neither the others nor the thread"""
    future, log = m.Future(), []
    errors = [ValueError("v"), SystemExit(1), KeyboardInterrupt()]

    def wrong(error):
        def callback(f):
            log.append("wrong")
            raise error

        return callback

    for error in errors:
        future.add_done_callback(wrong(error))
    future.add_done_callback(lambda f: log.append("right"))
    ended = False
    try:
        future.set_result(1)
        ended = True
    finally:
        assert ended, "what a callback raises must not leave set_result"
    assert log == ["wrong"] * 3 + ["right"], f"callbacks that ran: {log}"
    kept = future.callback_errors
    same = [a is b for a, b in zip(kept, errors, strict=False)]
    assert same == [True] * 3, f"callback_errors holds {kept}"
    late = OSError("late")
    gave(outcome(future.add_done_callback, wrong(late)), None, "a late callback")
    assert kept[3:] == [late], "a late callback's error belongs in callback_errors"
    gave(outcome(future.result, 0), 1, "result")
    cancelled = m.Future()
    cancelled.add_done_callback(wrong(errors[0]))
    gave(outcome(cancelled.cancel), True, "cancel, with a callback that raises,")
    assert cancelled.callback_errors == [errors[0]], "its error belongs there too"


def future_callback_reenters(m):
    """Future: a callback may call any method of the future"""
    future, log = m.Future(), []

    def callback(f):
        log.append(f.done())
        log.append(outcome(f.result, 0))
        log.append(outcome(f.cancel))
        log.append(outcome(f.set_result, 2))
        f.add_done_callback(lambda g: log.append("nested"))

    future.add_done_callback(callback)
    future.set_result(1)
    future.add_done_callback(callback)
    want = [True, ("gave", 1), ("gave", False), ("raised", "InvalidState"), "nested"]
    assert log == want * 2, f"what a callback saw and did: {log}"


def future_result_waits(m):
    """Future: two threads wait for the result"""
    future, got = m.Future(), []

    def waiter_1():
        got.append(future.result())

    def waiter_2():
        got.append(future.result(100.0))

    threads = started(waiter_1, waiter_2)
    future.start()
    future.set_result(None)
    for thread in threads:
        thread.join()
    assert got == [None, None], f"two waiters got {got}"
    assert time.monotonic() < 100, "a waiter with a timeout was not woken"


def future_error_waits(m):
    """Future: two threads wait, one for the result and one for the exception"""
    future, got, error = m.Future(), [], ValueError()

    def waiter_1():
        got.append(outcome(future.result))

    def waiter_2():
        got.append(outcome(future.exception))

    threads = started(waiter_1, waiter_2)
    future.set_exception(error)
    for thread in threads:
        thread.join()
    assert ("raised", "ValueError") in got, f"result and exception: {got}"
    assert ("gave", error) in got, f"result and exception: {got}"


def future_cancel_waits(m):
    """Future: two threads wait when it is cancelled"""
    future, got = m.Future(), []

    def waiter_1():
        got.append(outcome(future.result))

    def waiter_2():
        got.append(outcome(future.exception))

    threads = started(waiter_1, waiter_2)
    future.cancel()
    for thread in threads:
        thread.join()
    for one in got:
        refused(one, "Cancelled", "a waiter, on cancel,")


def future_cancel_races(m):
    """Future: cancel and start at the same time: never both"""
    future, log = m.Future(), []

    def runner():
        if future.start():
            log.append("ran")
            future.set_result(1)

    def canceller():
        if future.cancel():
            log.append("cancelled")

    together(runner, canceller)
    assert len(log) == 1, f"exactly one of run and cancel must happen: {log}"
    assert future.cancelled() == (log == ["cancelled"]), f"cancelled(), but {log}"


def future_started_twice(m):
    """Future: two threads start it: only one may run the call"""
    future, log = m.Future(), []

    def runner_1():
        log.append(outcome(future.start))

    def runner_2():
        log.append(outcome(future.start))

    together(runner_1, runner_2)
    want = [("gave", True), ("raised", "InvalidState")]
    assert sorted(log) == want, f"two starts: {[said(one) for one in log]}"


def future_set_twice(m):
    """Future: two threads set it: one wins, callbacks are called once"""
    future, log, called = m.Future(), {}, []
    future.add_done_callback(lambda f: called.append(f.result(0)))

    def setter_1():
        log[1] = outcome(future.set_result, 1)

    def setter_2():
        log[2] = outcome(future.set_result, 2)

    together(setter_1, setter_2)
    won = [n for n, one in log.items() if one == ("gave", None)]
    assert len(won) == 1, f"two sets: {[said(one) for one in log.values()]}"
    assert ("raised", "InvalidState") in log.values(), "the other must be refused"
    assert future.result(0) == won[0], "the result is not the winner's"
    assert called == won, f"the callback saw {called}, the winner is {won[0]}"


def future_callback_races(m):
    """Future: callbacks added while it is set are called once each"""
    future, log = m.Future(), []
    future.add_done_callback(lambda f: log.append("early"))

    def setter():
        future.set_result(1)

    def adder():
        future.add_done_callback(lambda f: log.append(f.result(0)))

    together(setter, adder)
    assert sorted(map(str, log)) == ["1", "early"], f"callbacks called: {log}"


def future_callback_after_waiters(m):
    """Future: waiters are woken before the callbacks run"""
    future, woken = m.Future(), threading.Event()

    def waiter():
        future.result()
        woken.set()

    future.add_done_callback(lambda f: woken.wait())
    thread = started(waiter)[0]
    future.set_result(1)
    thread.join()


def future_cancel_callback_after_waiters(m):
    """Future: waiters are woken before the callbacks run, on cancel too"""
    future, woken = m.Future(), threading.Event()

    def waiter():
        outcome(future.result)
        woken.set()

    future.add_done_callback(lambda f: woken.wait())
    thread = started(waiter)[0]
    future.cancel()
    thread.join()


def future_callback_thread(m):
    """Future: callbacks run in the thread that sets, late ones in the one that adds"""
    future, names = m.Future(), []

    def note(f):
        names.append(threading.current_thread().name)

    def setter():
        future.set_result(1)

    future.add_done_callback(note)
    together(setter)
    assert names == ["setter"], f"the callback ran in {names}, not in the setter's"
    future.add_done_callback(note)
    assert names[1:] == ["main"], "a late callback runs in the thread that adds it"


def future_timeouts(m):
    """Future: timeouts last as long as they say, whoever wakes in between"""
    future, ends = m.Future(), {}

    def waiter():
        ends["result"] = outcome(future.result, timeout=2.0), time.monotonic()

    def other():
        ends["exception"] = outcome(future.exception, 1.0), time.monotonic()

    def setter():
        time.sleep(5.0)
        future.set_result("x")

    def patient():
        ends["patient"] = outcome(future.result, timeout=9.0), time.monotonic()

    together(waiter, other, setter, patient)
    late = ("raised", "TimeoutError")
    assert ends["result"] == (late, 2.0), f"result(2.0), and when: {ends['result']}"
    assert ends["exception"] == (late, 1.0), f"exception(1.0): {ends['exception']}"
    assert ends["patient"] == (("gave", "x"), 5.0), f"result(9.0): {ends['patient']}"


def future_alone(program):
    bodies = [future_states, future_with_exception, future_cancelled]
    return explored(program, bodies, bound=0, schedules=1)


def future_calls_back(program):
    bodies = [future_callbacks, future_callback_raises, future_callback_reenters]
    bodies += [future_callback_thread, future_callback_after_waiters]
    bodies += [future_cancel_callback_after_waiters]
    return explored(program, bodies, bound=1)


def future_waits(program):
    bodies = [future_result_waits, future_error_waits, future_cancel_waits]
    bodies += [future_timeouts]
    return explored(program, bodies, spurious=True)


def future_races(program):
    bodies = [future_cancel_races, future_set_twice, future_callback_races]
    bodies += [future_started_twice]
    found = explored(program, bodies, bound=3)
    watched = {"watched": ["Future"], "races": False}
    closely = explored(program, bodies, bound=2, schedules=1500, **watched)
    return {
        name: closely[name] if entry["found"]["kind"] == "ok" else entry
        for name, entry in found.items()
    }


@pytest.mark.task("Future", weight=2)
def test_future_in_one_thread(student):
    judge(student.explore(future_alone), STEP_4)


@pytest.mark.task("Future", weight=3)
def test_future_calls_back(student):
    judge(student.explore(future_calls_back), STEP_4)


@pytest.mark.task("Future", weight=3)
def test_future_waits(student):
    judge(student.explore(future_waits), STEP_4)


@pytest.mark.task("Future", weight=3)
def test_future_races(student):
    judge(student.explore(future_races), STEP_4)


def futures_under_load(lesson, count):
    """Return what real threads saw of futures that were set, failed or cancelled."""
    import threading
    import time

    end = time.monotonic() + 6  # it takes a tenth of a second

    def left():
        return max(end - time.monotonic(), 0.0)

    futures = [lesson.Future() for _ in range(count)]
    ran, called, seen = [], [], [[], []]

    def run():
        for number, future in enumerate(futures):
            if future.start():
                ran.append(number)
                if number % 3:
                    future.set_result(number)
                else:
                    future.set_exception(KeyError(number))

    def cancel():
        for future in reversed(futures):
            future.cancel()

    def wait(mine):
        for future in futures:
            try:
                mine.append(future.result(timeout=left()))
            except Exception as error:
                mine.append(type(error).__name__)

    for number, future in enumerate(futures):
        future.add_done_callback(lambda f, number=number: called.append(number))
    calls = [(wait, seen[0]), (wait, seen[1]), (run,), (cancel,)]
    threads = [
        threading.Thread(target=call, args=args, daemon=True) for call, *args in calls
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(left())
    cancelled = [n for n, future in enumerate(futures) if future.cancelled()]
    return ran, cancelled, sorted(called), seen


@pytest.mark.task("Future", weight=2, repeatable=False)
def test_futures_under_load(student):
    count = 400
    ran, cancelled, called, seen = student.run(futures_under_load, count=count)

    where = f"Future, real threads, {count} futures run and cancelled at the same time"
    evidence = f"{len(ran)} ran and {len(cancelled)} were cancelled"
    once = sorted(ran + cancelled) == list(range(count))
    check.true(once, where=where, evidence=evidence, look=STEP_4)
    check.true(
        called == list(range(count)),
        where=f"{where}: callbacks",
        evidence=f"{len(called)} callbacks ran instead of {count}",
        look=STEP_4,
    )
    gone = set(cancelled)
    want = [
        "Cancelled" if n in gone else n if n % 3 else "KeyError" for n in range(count)
    ]
    for mine in seen:
        wrong = sum(a != b for a, b in zip(mine, want, strict=False))
        evidence = f"{len(mine)} outcomes, {wrong} of them wrong"
        check.true(mine == want, where=f"{where}: result", evidence=evidence)


# --- what the tests of the pool use -------------------------------------------------


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


def settle():
    """Wait until nobody else can run: virtual time passes only then."""
    time.sleep(0.001)


class Player:
    """Plays one script on a pool, and notes what a JDK's trace holds, too."""

    def __init__(self, m, script, own_policy):
        self.m, self.started, self.uncaught, self.told = m, [], [], 0
        self.futures, self.gates, self.left = {}, {}, []
        head = script["core"], script["maximum"], script["keep_alive_ms"] / 1000
        policy = getattr(m, script["policy"]) if own_policy else self.refuse
        factory = crew(self.uncaught)
        self.pool = m.ThreadPool(*head, script["capacity"], policy, factory)

    def refuse(self, task, pool):
        raise self.m.Rejected("full")

    def gate(self, name):
        return self.gates.setdefault(name, threading.Event())

    def act(self, words):
        verb, name = words[0], words[-1]
        if verb in ("execute", "submit"):
            return self.offer(words)
        if verb == "open":
            return self.gate(name).set()
        if verb == "cancel":
            return self.futures[name].cancel()
        if verb == "poll":
            task = self.pool.poll()
            return task is not None and (task(), True)[1]
        if verb == "shutdown":
            return self.pool.shutdown()
        if verb == "shutdown_now":
            self.left = self.pool.shutdown_now()
            return len(self.left)
        if verb == "run_left":
            for task in self.left:
                task()
            return None
        if verb == "await":
            return self.pool.await_termination(int(name) / 1000)
        return time.sleep(int(name) / 1000)

    def offer(self, words):
        task = self.task(*words[1:])
        try:
            if words[0] == "execute":
                self.pool.execute(task)
            else:
                self.futures[words[1]] = self.pool.submit(task)
        except self.m.Rejected:
            return "rejected"
        except Boom:
            return "failed"
        return "taken"

    def task(self, name, kind, other=""):
        def run():
            here = threading.current_thread().name
            self.started.append(f"{name}@{'caller' if here == 'main' else here}")
            if kind.startswith("wait"):
                self.gate(name).wait()
            if kind.endswith("spawn"):
                words = ["execute", other, "run"]
                self.started.append(f"{other} {self.offer(words)}")
            if kind.endswith("fail"):
                raise Boom(name)
            return name

        return run

    def state(self, future):
        if not future.done():
            return "open"
        if future.cancelled():
            return "cancelled"
        error = future.exception(0)
        return f"value {future.result(0)}" if error is None else f"error {error}"

    def look(self, shut):
        stats = self.pool.stats()
        fresh, self.told = self.started[self.told :], len(self.started)
        seen = {
            "size": stats.size,
            "active": stats.active,
            "queued": stats.queued,
            "largest": stats.largest,
            "completed": stats.completed,
            "started": fresh,
            "uncaught": [str(error) for error in self.uncaught],
            "futures": {n: self.state(f) for n, f in self.futures.items()},
        }
        if shut:
            seen["shutdown"] = self.pool.is_shutdown()
            seen["terminated"] = self.pool.is_terminated()
        return seen


def played(program, scripts, own_policy, shut):
    """Play each script under one schedule; return the traces, and how they ended."""
    traces = {}
    for name, script in scripts.items():
        steps = []

        def body(m, script=script, steps=steps):
            steps.clear()
            player = Player(m, script, own_policy)
            for words in script["ops"]:
                result = player.act(words.split())
                settle()
                steps.append({"result": result, **player.look(shut)})

        rules = {"bound": 0, "schedules": 1, "random_schedules": 0}
        traces[name] = steps, program.explore(body, **rules)
    return traces


GOLDEN = json.loads(
    (Path(__file__).parent / "java" / "golden.json").read_text(encoding="utf-8")
)


def scripts_of(*names, whole=True):
    """The scripts by name, to their end or to where the pool is shut down."""
    chosen = {}
    for name in names:
        script = GOLDEN["scripts"][name]
        steps = script["steps"]
        if not whole:
            steps = list(
                itertools.takewhile(lambda s: not s["op"].startswith("shut"), steps)
            )
        chosen[name] = {**script, "steps": steps, "ops": [s["op"] for s in steps]}
    return chosen


def beside_java(student, scenario, look, *names, whole=True):
    """Play scripts on the submission's pool, and compare each step with the JDK's."""
    chosen = scripts_of(*names, whole=whole)
    sent = {
        name: {key: value for key, value in script.items() if key != "steps"}
        for name, script in chosen.items()
    }
    traces = student.explore(scenario, scripts=sent)
    for name, (seen, ended) in traces.items():
        script = chosen[name]
        head = f"core={script['core']}, maximum={script['maximum']}, "
        head += f"keep_alive={script['keep_alive_ms'] / 1000:g}, "
        head += f"capacity={script['capacity']}"
        where = f"a pool beside a JDK's ({head}; script {name!r})"
        for got, want in zip(seen, script["steps"], strict=False):
            _compare(got, want, f"{where}, after '{want['op']}'", name, look)
        if ended["kind"] != "ok":
            check.true(False, where=where, evidence=tale(ended), look=look)
        check.equal(len(seen), len(script["steps"]), where=f"{where}: steps")


def _compare(got, want, where, script, look):
    named = script.startswith("fail")  # only there do the rules fix which worker runs
    for key, value in got.items():
        mine, theirs = value, want[key]
        if key == "started" and not named:
            mine, theirs = ([_anyone(s) for s in side] for side in (mine, theirs))
        if mine != theirs or type(mine) is not type(theirs):
            evidence = f"{WORDS.get(key, key)}: got {check.show(mine)}, "
            evidence += f"a JDK's has {check.show(theirs)}"
            check.true(False, where=where, evidence=evidence, look=look)


def _anyone(event):
    who = event.partition("@")[2]
    return event if who in ("", "caller") else event.replace(who, "a worker")


WORDS = {
    "result": "what the call did",
    "started": "what ran since the step before",
    "uncaught": "exceptions that left a worker",
    "futures": "futures",
    "size": "workers",
    "active": "active workers",
    "queued": "queued tasks",
    "largest": "largest size",
    "completed": "completed tasks",
}


def java_own(program, scripts):
    return played(program, scripts, own_policy=False, shut=False)


def java_policies(program, scripts):
    return played(program, scripts, own_policy=True, shut=False)


def java_shut(program, scripts):
    return played(program, scripts, own_policy=True, shut=True)


# --- the policies -------------------------------------------------------------------


class Stand:
    """A stand-in for a pool: says what a policy asked of it."""

    def __init__(self, shut, queued=1):
        self.shut, self.log, self.queued = shut, [], queued

    def is_shutdown(self):
        return self.shut

    def poll(self):
        self.log.append("poll")
        if not self.queued:
            return None
        self.queued -= 1
        return lambda: self.log.append("ran the oldest")

    def execute(self, task):
        self.log.append("execute")
        self.given = task


def policies_alone(m):
    """The policies, called with a pool that is full, and with one that is shut down"""
    for shut in (False, True):
        ran = []

        def task(ran=ran):
            ran.append(threading.current_thread().name)
            return "ignored"

        what = "the pool being shut down" if shut else "the pool being full"
        pool = Stand(shut)
        refused(outcome(m.abort, task, pool), "Rejected", f"abort, {what},")
        assert (ran, pool.log) == ([], []), f"abort, {what}, must do nothing more"
        pool = Stand(shut)
        assert outcome(m.discard, task, pool)[0] == "gave", f"discard, {what}, raised"
        assert (ran, pool.log) == ([], []), f"discard, {what}, must do nothing"
        pool = Stand(shut)
        got = outcome(m.discard_oldest, task, pool)
        assert got[0] == "gave", f"discard_oldest, {what}, {said(got)}"
        assert ran == [], f"discard_oldest, {what}, must run nothing here"
        want = [] if shut else ["poll", "execute"]
        assert pool.log == want, f"discard_oldest, {what}, asked for {pool.log}"
        assert shut or pool.given is task, "discard_oldest must offer the very task"
        pool = Stand(shut)
        got = outcome(m.caller_runs, task, pool)
        assert got[0] == "gave", f"caller_runs, {what}, {said(got)}"
        want = [] if shut else ["main"]
        assert ran == want, f"caller_runs, {what}: the task ran in {ran}"
        assert pool.log == [], f"caller_runs, {what}, must not touch the queue"
    empty = Stand(False, queued=0)
    got = outcome(m.discard_oldest, task, empty)
    assert got[0] == "gave", f"discard_oldest, the queue being empty, {said(got)}"
    assert empty.log == ["poll", "execute"], "it must offer the task to an empty queue"

    def failing():
        raise Boom("task")

    got = outcome(m.caller_runs, failing, Stand(False))
    refused(got, "Boom", "caller_runs with a task that fails")


def policies_in_the_default(m):
    """ThreadPool without a policy aborts"""
    pool = m.ThreadPool(1, 1, capacity=1, thread_factory=crew([]))
    gate = threading.Event()
    for _ in range(2):
        pool.execute(gate.wait)
    refused(outcome(pool.execute, gate.wait), "Rejected", "execute on a full pool")
    refused(outcome(pool.submit, gate.wait), "Rejected", "submit on a full pool")
    gate.set()


def policy_of_oldest_races(m):
    """discard_oldest: a worker and two threads that submit race for the queue"""
    ran, errors = [], []
    pool = m.ThreadPool(1, 1, 0.0, 1, m.discard_oldest, crew(errors))

    def giver():
        for name in ("a", "b"):
            pool.execute(lambda name=name: ran.append(name))

    thread = started(giver)[0]
    pool.execute(lambda: ran.append("c"))
    thread.join()
    settle()
    assert errors == [], f"a worker ended with {errors}"
    assert len(ran) == len(set(ran)), f"a task ran twice: {ran}"
    stats = pool.stats()
    assert stats.completed == len(ran), f"{stats.completed} completed, {len(ran)} ran"
    assert stats.queued == 0, "a task stays in the queue for ever"


def policies_with_a_stand(program):
    return explored(program, [policies_alone], bound=0, schedules=1)


def policies_with_a_pool(program):
    found = explored(program, [policies_in_the_default], bound=1)
    return found | explored(program, [policy_of_oldest_races])


@pytest.mark.task("discard_oldest", weight=3)
def test_policies_alone(student):
    judge(student.explore(policies_with_a_stand), STEP_5)


@pytest.mark.task("discard_oldest", weight=2)
def test_policies_of_a_pool(student):
    judge(student.explore(policies_with_a_pool), STEP_5)


@pytest.mark.task("discard_oldest", weight=2)
def test_policies_beside_java(student):
    names = ["abort", "caller-runs", "discard", "discard-oldest", "spawn-caller"]
    names += ["discard-oldest-order"]
    beside_java(student, java_policies, STEP_5, *names, whole=False)


@pytest.mark.task("discard_oldest", weight=2)
def test_policies_after_shutdown_beside_java(student):
    names = ["abort", "caller-runs", "discard", "discard-oldest"]
    names += ["discard-oldest-shut", "caller-runs-shut"]
    beside_java(student, java_shut, STEP_5, *names)


# --- ThreadPool ---------------------------------------------------------------------


def pool_arguments(m, cases):
    """ThreadPool refuses the arguments that a JDK refuses"""
    for (core, maximum, keep_alive, capacity), no in cases:
        got = outcome(m.ThreadPool, core, maximum, keep_alive, capacity)
        what = f"ThreadPool({core}, {maximum}, {keep_alive}, {capacity})"
        if no:
            refused(got, "ValueError", what)
        else:
            assert got[0] == "gave", f"{what} raised {got[1]}"


def pool_core_races(m):
    """ThreadPool(1, 1): two threads execute at the same time"""
    ran, errors = [], []
    pool = pool_of(m, 1, 1, errors=errors)

    def giver_1():
        pool.execute(lambda: ran.append(1))

    def giver_2():
        pool.execute(lambda: ran.append(2))

    together(giver_1, giver_2)
    settle()
    stats = pool.stats()
    assert stats.largest == 1, f"the pool grew to {stats.largest} workers"
    assert stats.size == 1, f"the pool has {stats.size} workers"
    assert sorted(ran) == [1, 2], f"executed tasks 1 and 2, these ran: {ran}"
    assert errors == [], f"a worker ended with {errors}"


def pool_maximum_races(m):
    """ThreadPool(1, 2, capacity=1): two threads execute four tasks that wait"""
    ran, errors, taken, gate = [], [], [], threading.Event()
    pool = pool_of(m, 1, 2, 60.0, 1, errors)

    def offer(name):
        if outcome(pool.execute, lambda: (ran.append(name), gate.wait()))[0] == "gave":
            taken.append(name)

    def giver_1():
        offer("a")
        offer("b")

    def giver_2():
        offer("c")
        offer("d")

    together(giver_1, giver_2)
    stats = pool.stats()
    assert stats.largest <= 2, f"the pool grew to {stats.largest} workers"
    assert len(taken) == 3, f"two workers and a queue of one took {len(taken)} tasks"
    gate.set()
    settle()
    assert sorted(ran) == sorted(taken), f"took {taken}, ran {ran}"
    assert errors == [], f"a worker ended with {errors}"
    stats = pool.stats()
    assert stats.completed == 3, f"3 tasks ran, {stats.completed} are completed"


def pool_idle_workers(m):
    """ThreadPool(2, 2): tasks come while two workers are idle"""
    ran, errors = [], []
    pool = pool_of(m, 2, 2, errors=errors)
    for name in "ab":
        pool.execute(lambda name=name: ran.append(name))
    settle()
    for name in "cd":
        pool.execute(lambda name=name: ran.append(name))
    settle()
    assert sorted(ran) == list("abcd"), f"executed a, b, c, d; these ran: {ran}"
    assert errors == [], f"a worker ended with {errors}"
    stats = pool.stats()
    assert stats[:3] == (2, 0, 0), f"idle, the pool has {stats}"


def pool_hand_off_races(m):
    """ThreadPool(0, 1, capacity=0): a task comes as the idle worker gives up"""
    ran, errors = [], []
    pool = pool_of(m, 0, 1, 1.0, 0, errors)
    pool.execute(lambda: ran.append("a"))
    time.sleep(1.0)
    taken = outcome(pool.execute, lambda: ran.append("b"))[0] == "gave"
    settle()
    want = ["a", "b"] if taken else ["a"]
    assert ran == want, f"took {want}, ran {ran}"
    time.sleep(5.0)
    assert errors == [], f"a worker ended with {errors}"
    stats = pool.stats()
    assert stats.size == 0, f"{stats.size} workers live on after keep_alive"


def pool_hand_off_twice(m):
    """ThreadPool(0, 2, capacity=0): two tasks come while one worker is idle"""
    ran, errors, gate = [], [], threading.Event()
    pool = pool_of(m, 0, 2, 60.0, 0, errors)
    pool.execute(int)
    settle()
    pool.execute(gate.wait)
    pool.execute(lambda: ran.append("second"))
    settle()
    assert ran == ["second"], "the second task waits behind the first one"
    gate.set()
    assert errors == [], f"a worker ended with {errors}"


def pool_core_zero_races(m):
    """ThreadPool(0, 1): a task comes as the last worker gives up"""
    ran, errors = [], []
    pool = pool_of(m, 0, 1, 1.0, None, errors)
    pool.execute(lambda: ran.append("a"))
    time.sleep(1.0)
    pool.execute(lambda: ran.append("b"))
    settle()
    assert ran == ["a", "b"], f"executed a and b, these ran: {ran}"
    assert errors == [], f"a worker ended with {errors}"
    assert pool.stats().largest == 1, "more workers than maximum"


def pool_core_zero_at_once(m):
    """ThreadPool(0, 1, keep_alive=0): two threads execute at the same time"""
    ran, errors, taken = [], [], []
    pool = pool_of(m, 0, 1, 0.0, 1, errors)

    def offer(name):
        if outcome(pool.execute, lambda: ran.append(name))[0] == "gave":
            taken.append(name)

    def giver():
        offer("a")

    thread = started(giver)[0]
    offer("b")
    thread.join()
    settle()
    assert sorted(ran) == sorted(taken), f"took {taken}, ran {ran}"
    assert taken, "an empty pool must take a task"
    assert errors == [], f"a worker ended with {errors}"
    assert pool.stats().size == 0, "with keep_alive = 0 an idle worker ends at once"


def pool_keep_alive(m):
    """ThreadPool: idle workers beyond core end after keep_alive, not sooner or later"""
    gate, errors = threading.Event(), []
    pool = pool_of(m, 0, 3, 10.0, 1, errors)
    for _ in range(4):
        pool.execute(gate.wait)
        settle()
    time.sleep(20.0)
    assert pool.stats().size == 3, "a worker that is busy must not end"
    gate.set()
    time.sleep(9.5)
    assert pool.stats().size == 3, "a worker ended before keep_alive was over"
    pool.execute(lambda: None)
    time.sleep(1.0)
    size = pool.stats().size
    assert size == 1, f"of three, two were idle for keep_alive: {size} are left"
    time.sleep(8.0)
    assert pool.stats().size == 1, "work must start the time anew"
    time.sleep(3.0)
    assert pool.stats().size == 0, "a worker beyond core lives on after keep_alive"
    assert errors == [], f"a worker ended with {errors}"


def pool_core_stays(m):
    """ThreadPool: core workers stay, however long they are idle"""
    for keep_alive in (0.0, 1.0):
        pool, gate = pool_of(m, 2, 3, keep_alive, 0), threading.Event()
        for _ in range(3):
            pool.execute(gate.wait)
        gate.set()
        time.sleep(100.0)
        size = pool.stats().size
        assert size == 2, f"core = 2, keep_alive = {keep_alive:g}: {size} workers"


def pool_keep_alive_disturbed(m):
    """ThreadPool: a worker that wakes for nothing goes on waiting for keep_alive"""
    gate, errors = threading.Event(), []
    pool = pool_of(m, 0, 1, 10.0, None, errors)
    pool.execute(gate.set)
    gate.wait()
    time.sleep(9.0)
    assert pool.stats().size == 1, "the worker ended before keep_alive was over"
    time.sleep(2.0)
    assert pool.stats().size == 0, "the worker lives on after keep_alive"
    assert errors == [], f"a worker ended with {errors}"


def pool_failing_races(m):
    """ThreadPool(1, 1): a task fails while another is executed"""
    ran, errors = [], []
    pool = pool_of(m, 1, 1, errors=errors)

    def failing():
        raise Boom("task")

    def giver():
        pool.execute(failing)

    thread = started(giver)[0]
    pool.execute(lambda: ran.append("a"))
    thread.join()
    settle()
    assert ran == ["a"], "the task beside the failing one did not run"
    assert [type(e) for e in errors] == [Boom], f"what left the workers: {errors}"
    stats = pool.stats()
    assert (stats.size, stats.largest) == (1, 1), f"one worker, replaced: {stats}"
    assert stats.completed == 2, "a task that fails is a completed task"


def pool_leavers(m):
    """ThreadPool: SystemExit and KeyboardInterrupt in tasks"""
    ran, errors = [], []
    pool = pool_of(m, 1, 1, errors=errors)

    def leave(kind):
        raise kind("task")

    for kind in (SystemExit, KeyboardInterrupt):
        future = pool.submit(leave, kind)
        settle()
        got = future.exception(0)
        assert isinstance(got, kind), f"submit keeps a {kind.__name__}, got {got!r}"
    assert errors == [], f"given to submit, it must end no worker: {errors}"
    for kind in (SystemExit, KeyboardInterrupt):
        pool.execute(lambda kind=kind: leave(kind))
        settle()
    pool.execute(lambda: ran.append("a"))
    settle()
    assert ran == ["a"], "after a SystemExit in a task the pool has no worker"
    kinds = [type(error) for error in errors]
    assert kinds == [SystemExit, KeyboardInterrupt], f"what left the workers: {kinds}"
    assert pool.stats()[::4] == (1, 5), f"one worker, five tasks: {pool.stats()}"


def pool_submit(m):
    """ThreadPool.submit passes arguments on, and the outcome back"""
    pool = pool_of(m, 1, 1)

    def function(*args, **kwargs):
        return args, kwargs

    future = pool.submit(function, 1, [2], task="t", pool=None)
    assert isinstance(future, m.Future), "submit must return a Future"
    got = future.result()
    assert got == ((1, [2]), {"task": "t", "pool": None}), f"the call got {got}"
    assert pool.submit(lambda: None).result() is None, "a task may return None"
    error = Boom("e")

    def failing():
        raise error

    assert pool.submit(failing).exception() is error, "the very exception comes back"
    gate, states = threading.Event(), []
    holder = pool.submit(gate.wait)
    waiting = pool.submit(lambda: states.append(waiting.running()))
    settle()
    states.append((holder.running(), holder.cancel(), waiting.running()))
    assert states == [(True, False, False)], f"running and queued: {states}"
    gate.set()
    settle()
    assert states[1:] == [True], "while its task runs, a future is running"


def pool_cancel_races(m):
    """ThreadPool: a future is cancelled as its task begins"""
    ran, errors = [], []
    pool = pool_of(m, 1, 1, errors=errors)
    future = pool.submit(lambda: ran.append("a"))
    cancelled = future.cancel()
    settle()
    assert len(ran) == (0 if cancelled else 1), f"cancelled: {cancelled}, ran: {ran}"
    assert future.done(), "the future must be done or cancelled"
    assert errors == [], f"a worker ended with {errors}"
    assert pool.stats().completed == 1, "a cancelled task is a completed one"
    assert pool.submit(lambda: "b").result() == "b", "the worker must live on"


def pool_inside(m):
    """ThreadPool: a task asks the pool, and executes another task"""
    seen, errors = [], []
    pool = pool_of(m, 1, 1, errors=errors)

    def task():
        seen.append(pool.stats()[:3])
        pool.execute(lambda: seen.append("child"))
        seen.append(pool.stats()[:3])
        seen.append(pool.is_shutdown())

    pool.execute(task)
    settle()
    want = [(1, 1, 0), (1, 1, 1), False, "child"]
    assert seen == want, f"(size, active, queued) from inside, and the child: {seen}"
    assert errors == [], f"a worker ended with {errors}"


def pool_policy_asks(m):
    """ThreadPool: a policy may call any method of the pool"""
    seen = []

    def policy(task, pool):
        seen.append((task, pool))
        seen.append(pool.stats()[:3])
        seen.append(pool.is_shutdown())
        oldest = pool.poll()
        pool.execute(task)
        oldest()

    ran, gate = [], threading.Event()
    pool = pool_of(m, 1, 1, capacity=1, policy=policy)
    pool.execute(gate.wait)
    pool.execute(lambda: ran.append("oldest"))
    settle()

    def task():
        ran.append("new")

    got = outcome(pool.execute, task)
    gave(got, None, "execute whose policy asks the pool")
    assert seen[0][0] is task, "policy(task, pool) got another task"
    assert seen[0][1] is pool, "policy(task, pool) got another pool"
    assert seen[1:] == [(1, 1, 1), False], f"what the policy saw: {seen[1:]}"
    gate.set()
    settle()
    assert ran == ["oldest", "new"], f"poll gives the oldest task itself: {ran}"

    def raising(task, pool):
        raise Boom("policy")

    full = pool_of(m, 1, 1, capacity=0, policy=raising)
    wall = threading.Event()
    full.execute(wall.wait)
    refused(outcome(full.execute, gate.wait), "Boom", "execute whose policy raises")
    refused(outcome(full.submit, gate.wait), "Boom", "submit whose policy raises")
    wall.set()
    settle()
    gave(outcome(full.execute, lambda: ran.append("later")), None, "execute later")
    settle()
    assert ran[2:] == ["later"], "a policy that raised has harmed the pool"


def pool_dropped(m):
    """ThreadPool.submit, where the policy drops the task: the future is never done"""
    kept = []
    pool = pool_of(m, 1, 1, capacity=1, policy=lambda task, pool: kept.append(task))
    gate = threading.Event()
    pool.submit(gate.wait)
    pool.submit(gate.wait)
    dropped = pool.submit(lambda: "here")
    gate.set()
    settle()
    state = dropped.done(), dropped.running()
    assert state == (False, False), f"dropped: done, running {state}"
    kept[0]()
    gave(outcome(dropped.result, 0), "here", "what the policy got, when called,")


def pool_factory_fails(m):
    """ThreadPool: a thread_factory that raises, and a thread that does not start"""
    ran, errors, broken = [], [], ["factory"]
    good = crew(errors)

    class Stuck(threading.Thread):
        def start(self):
            raise RuntimeError("can't start new thread")

    def factory(run):
        if broken == ["factory"]:
            raise Boom("factory")
        return Stuck(target=run) if broken else good(run)

    pool = m.ThreadPool(1, 2, 0.0, 0, pool_policy, factory)
    refused(
        outcome(pool.execute, lambda: None), "Boom", "execute, the factory raising,"
    )
    stats = tuple(pool.stats())
    assert stats[:3] == (0, 0, 0), f"no worker was started: {pool.stats()}"
    broken[0] = "thread"
    got = outcome(pool.execute, lambda: None)
    refused(got, "RuntimeError", "execute, the thread not starting,")
    assert tuple(pool.stats()) == (0, 0, 0, 0, 0), f"none was: {pool.stats()}"
    broken.clear()
    gate = threading.Event()
    for name in "ab":
        pool.execute(lambda name=name: (ran.append(name), gate.wait()))
    settle()
    assert sorted(ran) == ["a", "b"], f"then there is room for two workers: {ran}"
    gate.set()


def pool_names(m):
    """ThreadPool without a thread_factory: the names of its workers"""
    names, gate = [], threading.Event()
    pool = m.ThreadPool(0, 3, 0.0, 0)

    def task():
        names.append(threading.current_thread().name)
        gate.wait()

    for _ in range(3):
        pool.execute(task)
        settle()
    gate.set()
    settle()
    pool.execute(task)
    settle()
    want = ["worker-1", "worker-2", "worker-3", "worker-4"]
    assert names == want, f"the workers in the order they were made: {names}"


def pool_policy(task, pool):
    """A policy that is never needed."""
    raise Boom("rejected")


def pool_books(m):
    """ThreadPool(2, 2): two workers end their tasks at the same time"""
    pool = pool_of(m, 2, 2)
    pool.execute(int)
    pool.execute(int)
    settle()
    stats = pool.stats()
    assert stats.completed == 2, f"2 tasks ended, {stats.completed} are completed"
    assert stats.active == 0, f"both workers are idle, {stats.active} are active"


def pool_books_grow(m):
    """ThreadPool(2, 2): two threads execute at the same time"""
    pool, gate = pool_of(m, 2, 2), threading.Event()

    def giver():
        pool.execute(gate.wait)

    thread = started(giver)[0]
    pool.execute(gate.wait)
    thread.join()
    stats = pool.stats()
    assert stats.size == 2, f"2 workers were started, {stats.size} are counted"
    assert stats.largest == 2, f"the largest size was 2, not {stats.largest}"
    gate.set()


def pool_books_shrink(m):
    """ThreadPool(0, 2, keep_alive=0): two workers end at the same time"""
    pool = pool_of(m, 0, 2, 0.0, 0)
    pool.execute(int)
    outcome(pool.execute, int)
    settle()
    stats = pool.stats()
    assert stats.size == 0, f"all workers ended, {stats.size} are counted"


def pool_completes_in_time(m):
    """ThreadPool: completed counts a task before the worker begins the next one"""
    seen = []
    pool = pool_of(m, 1, 1)
    gate = threading.Event()
    pool.execute(gate.wait)
    for _ in range(2):
        pool.execute(lambda: seen.append((pool.stats().completed, pool.stats().active)))
    gate.set()
    settle()
    assert seen == [(1, 1), (2, 1)], f"(completed, active), seen from tasks: {seen}"


def pool_alone(program, cases):
    bodies = [pool_submit, pool_inside, pool_policy_asks, pool_dropped]
    bodies += [pool_leavers, pool_completes_in_time, pool_keep_alive, pool_core_stays]
    bodies += [pool_hand_off_twice]
    bodies += [pool_factory_fails, pool_names]

    def pool_arguments_here(m):
        pool_arguments(m, cases)

    rules = {"bound": 0, "schedules": 1, "random_schedules": 10}
    found = explored(program, bodies, **rules)
    result = program.explore(pool_arguments_here, **rules)
    found["pool_arguments"] = {"found": result, "said": essence(result)}
    return found


def pool_races(program):
    bodies = [pool_core_races, pool_maximum_races, pool_idle_workers]
    bodies += [pool_failing_races, pool_cancel_races]
    return explored(program, bodies, spurious=True)


def pool_gives_up(program):
    bodies = [pool_hand_off_races, pool_core_zero_races, pool_core_zero_at_once]
    bodies += [pool_keep_alive_disturbed]
    return explored(program, bodies, spurious=True)


def pool_keeps_books(program):
    bodies = [pool_books, pool_books_grow, pool_books_shrink]
    watched = {"watched": ["ThreadPool"], "races": False}
    return explored(program, bodies, bound=1, schedules=2500, **watched)


@pytest.mark.task("ThreadPool", weight=3)
def test_pool_in_one_schedule(student):
    judge(student.explore(pool_alone, cases=GOLDEN["refused"]), STEP_5)


@pytest.mark.task("ThreadPool", weight=3)
def test_pool_races(student):
    judge(student.explore(pool_races), STEP_5)


@pytest.mark.task("ThreadPool", weight=2)
def test_pool_gives_up(student):
    judge(student.explore(pool_gives_up), STEP_5)


@pytest.mark.task("ThreadPool", weight=2)
def test_pool_keeps_books(student):
    judge(student.explore(pool_keeps_books), STEP_5)


@pytest.mark.task("ThreadPool", weight=3)
def test_pool_beside_java(student):
    names = ["growth", "shrink", "unbounded", "idle-core", "core0", "core0-bounded"]
    names += ["core0-now", "surplus-at-once", "spawn", "spawn-full"]
    beside_java(student, java_own, STEP_5, *names, whole=False)


@pytest.mark.task("ThreadPool", weight=2)
def test_pool_hands_over_beside_java(student):
    names = ["hand-off", "cached"]
    beside_java(student, java_own, STEP_5, *names, whole=False)


@pytest.mark.task("ThreadPool", weight=3)
def test_pool_failures_beside_java(student):
    names = ["failures", "failing-surplus", "failing-core0", "cancel", "poll"]
    beside_java(student, java_own, STEP_5, *names, whole=False)


def pool_under_load(lesson, settings, givers, each):
    """Return what a pool of real threads made of tasks from several threads."""
    import threading
    import time

    end = time.monotonic() + 4  # it takes a tenth of a second

    pool = lesson.ThreadPool(*settings)
    lock, done = threading.Lock(), []
    names, rejected, failed = set(), [], []
    finished = threading.Event()
    total = givers * each

    def count(number):
        with lock:
            done.append(number)
            names.add(threading.current_thread().name)
            if len(done) + len(rejected) >= total:
                finished.set()

    def give(giver):
        for n in range(each):
            number = giver * each + n
            try:
                if n % 2:
                    pool.execute(lambda number=number: count(number))
                else:
                    pool.submit(count, number)
            except lesson.Rejected:
                with lock:
                    rejected.append(number)
                    if len(done) + len(rejected) >= total:
                        finished.set()
            except Exception as error:
                failed.append(type(error).__name__)

    threads = [
        threading.Thread(target=give, args=(g,), daemon=True) for g in range(givers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(end - time.monotonic(), 0.1))
    ended = finished.wait(max(end - time.monotonic(), 0.1))
    deadline = threading.Event()
    if not ended:
        return sorted(done), sorted(rejected), failed, sorted(names), ended, None
    for _ in range(100):  # all workers are beyond core: they end by themselves
        stats = tuple(pool.stats())
        if not stats[0]:
            break
        deadline.wait(0.02)
    return sorted(done), sorted(rejected), failed, sorted(names), ended, stats


@pytest.mark.task("ThreadPool", weight=2, repeatable=False)
def test_pool_under_load(student):
    # Workers are kept for a moment: a jail has few threads, and ended ones linger.
    cases = {
        "a queue": (0, 3, 0.1, 5),
        "no bound": (0, 1, 0.1),
        "hand-offs": (0, 4, 0.1, 0),
    }
    givers, each = 3, 120
    seen = {}
    for kind, settings in cases.items():
        data = {"settings": settings, "givers": givers, "each": each}
        seen[kind] = student.run(pool_under_load, **data)
        if not seen[kind][4]:
            break  # threads that never end would slow the others down
    for kind, (done, rejected, failed, names, ended, stats) in seen.items():
        where = f"ThreadPool, real threads, {givers * each} tasks, {kind}"
        check.equal(failed, [], where=f"{where}: other exceptions", look=STEP_5)
        evidence = f"{len(done)} tasks ran, {len(rejected)} were rejected"
        once = sorted(done + rejected) == list(range(givers * each))
        check.true(once, where=where, evidence=evidence, look=STEP_5)
        check.equal(ended, True, where=f"{where}: they end", look=STEP_5)
        size, active, queued, largest, completed = stats or (None,) * 5
        check.equal((size, active, queued), (0, 0, 0), where=f"{where}: in the end")
        check.equal(completed, len(done), where=f"{where}: completed", look=STEP_5)
        check.at_most(largest, cases[kind][1], where=f"{where}: largest")
        good = all(name.startswith("worker-") for name in names)
        evidence = "the default names are worker-1, worker-2, ..."
        check.true(good, where=where, evidence=evidence, look=CONTRACT)


# --- shutdown -----------------------------------------------------------------------


def shut_races(m):
    """ThreadPool: shutdown while another thread executes"""
    ran, errors, taken = [], [], []
    pool = pool_of(m, 1, 1, errors=errors)

    def giver():
        for name in "ab":
            got = outcome(pool.execute, lambda name=name: ran.append(name))
            taken.extend([name] if got[0] == "gave" else [])

    thread = started(giver)[0]
    pool.shutdown()
    late = outcome(pool.execute, lambda: ran.append("late"))
    refused(late, "Rejected", "execute after shutdown")
    thread.join()
    assert pool.await_termination() is True, "await_termination() must give True"
    assert ran == taken, f"took {taken}, ran {ran} before it terminated"
    stats = pool.stats()
    assert stats[:3] == (0, 0, 0), f"terminated, and yet {stats}"
    assert pool.is_terminated() is True, "is_terminated after await_termination"
    assert errors == [], f"a worker ended with {errors}"


def shut_at_last(m):
    """ThreadPool: once it has terminated, no task begins"""
    ran = []
    pool = pool_of(m, 1, 1)

    def giver():
        outcome(pool.execute, lambda: ran.append("late"))

    thread = started(giver)[0]
    pool.shutdown()
    assert pool.await_termination() is True, "await_termination() must give True"
    before = list(ran)
    thread.join()
    settle()
    assert ran == before, "a task began after the pool had terminated"
    assert pool.stats().size == 0, "a worker began after the pool had terminated"


def shut_idle(m):
    """ThreadPool(2, 2): shutdown while two workers are idle"""
    errors = []
    pool = pool_of(m, 2, 2, errors=errors)
    pool.execute(int)
    pool.execute(int)
    pool.shutdown()
    assert pool.await_termination() is True, "await_termination() must give True"
    assert pool.stats().size == 0, "terminated, with a worker left"
    assert pool.stats().completed == 2, "it terminated before its tasks were completed"
    assert errors == [], f"a worker ended with {errors}"


def shut_idle_surplus(m):
    """ThreadPool(0, 2, keep_alive=60): shutdown while two workers are idle"""
    pool, gate = pool_of(m, 0, 2, 60.0, 0), threading.Event()
    pool.execute(gate.wait)
    pool.execute(gate.wait)
    gate.set()
    settle()
    pool.shutdown()
    assert pool.await_termination() is True, "await_termination() must give True"
    assert time.monotonic() < 60, "shutdown must wake workers that wait with a timeout"


def shut_with_queue(m):
    """ThreadPool(1, 1): shutdown while tasks are queued"""
    ran, errors = [], []
    pool = pool_of(m, 1, 1, errors=errors)
    for name in "abc":
        pool.execute(lambda name=name: ran.append(name))
    pool.shutdown()
    pool.shutdown()
    assert pool.is_shutdown() is True, "is_shutdown after shutdown"
    pool.await_termination()
    assert ran == ["a", "b", "c"], f"queued before shutdown: a, b, c; ran {ran}"
    assert pool.stats().completed == 3, "it terminated before its tasks were completed"
    assert errors == [], f"a worker ended with {errors}"


def shut_now_races(m):
    """ThreadPool.shutdown_now while a worker takes tasks"""
    ran, errors, left = [], [], []
    pool = pool_of(m, 1, 1, errors=errors)
    tasks = {name: (lambda name=name: ran.append(name)) for name in "abc"}
    for task in tasks.values():
        pool.execute(task)
    left = pool.shutdown_now()
    pool.await_termination()
    names = [name for name, task in tasks.items() if task in left]
    assert ran + names == ["a", "b", "c"], f"ran {ran}, given back {names}"
    assert len(left) == len(names), "shutdown_now gives the very tasks, and no more"
    assert pool.stats().queued == 0, "the queue must be empty"
    assert errors == [], f"a worker ended with {errors}"


def shut_now_futures(m):
    """ThreadPool.shutdown_now: futures of what was queued stay as they are"""
    pool, gate = pool_of(m, 1, 1), threading.Event()
    running = pool.submit(gate.wait, 50.0)
    queued = [pool.submit(str.upper, name) for name in "ab"]
    settle()
    left = pool.shutdown_now()
    assert type(left) is list, f"shutdown_now gives a {type(left).__name__}, not a list"
    assert len(left) == 2, f"two tasks were queued, shutdown_now gives {len(left)}"
    states = [(f.done(), f.cancelled(), f.running()) for f in queued]
    assert states == [(False, False, False)] * 2, f"done, cancelled, running: {states}"
    assert running.running(), "a task that runs goes on"
    assert pool.await_termination(0) is False, (
        "with a task running it is not terminated"
    )
    left[0]()
    gave(outcome(queued[0].result, 0), "A", "the first task given back, when called,")
    assert not queued[1].done(), "the second task was not called yet"
    gate.set()
    assert pool.await_termination() is True, "await_termination() must give True"
    assert running.result(0) is True, "the running task must come to its end"


def shut_awaits(m):
    """ThreadPool: two threads wait for its termination"""
    seen, ran = [], []
    pool = pool_of(m, 1, 1)
    pool.execute(lambda: ran.append("a"))

    def waiter_1():
        seen.append((pool.await_termination(), list(ran)))

    def waiter_2():
        seen.append((pool.await_termination(90.0), list(ran)))

    threads = started(waiter_1, waiter_2)
    pool.shutdown()
    for thread in threads:
        thread.join()
    assert seen == [(True, ["a"])] * 2, f"await_termination gave, after: {seen}"
    assert time.monotonic() < 90, "a waiter with a timeout was not woken"


def shut_awaits_empty(m):
    """ThreadPool without a worker: waiting for its termination"""
    pools = pool_of(m, 1, 1), pool_of(m, 1, 1)
    seen = []

    def waiter():
        seen.append([pool.await_termination() for pool in pools])

    thread = started(waiter)[0]
    pools[0].shutdown()
    left = pools[1].shutdown_now()
    thread.join()
    assert left == [], f"shutdown_now of an unused pool gives {left}"
    assert seen == [[True, True]], f"await_termination gave {seen}"


def shut_awaits_long(m):
    """ThreadPool.await_termination lasts as long as it says"""
    pool = pool_of(m, 1, 1)
    assert pool.is_terminated() is False, "a pool that is not shut down"
    assert pool.await_termination(0) is False, "await_termination(0) on it"
    assert pool.await_termination(-1.0) is False, "await_termination(-1.0) on it"
    assert pool.await_termination(2.0) is False, "await_termination(2.0) on it"
    assert time.monotonic() == 2.0, f"await_termination(2.0): {time.monotonic():g} s"
    pool.execute(lambda: time.sleep(5.0))
    pool.shutdown()
    assert pool.await_termination(4.0) is False, "a task runs on"
    assert time.monotonic() == 6.0, (
        f"await_termination(4.0): {time.monotonic() - 2:g} s"
    )
    assert pool.is_terminated() is False, "is_terminated, a task running"
    assert pool.await_termination(4.0) is True, "the task ends within this time"
    assert time.monotonic() == 7.0, "await_termination must return when it terminates"
    assert pool.await_termination(0) is True, "await_termination(0) when terminated"


def shut_last_submits(m):
    """ThreadPool, shut down: its last worker's task executes another"""
    seen, errors, gate = [], [], threading.Event()
    pool = pool_of(m, 1, 1, errors=errors)

    def task():
        gate.wait()
        seen.append(outcome(pool.execute, lambda: seen.append("child")))
        seen.append(outcome(pool.submit, lambda: seen.append("child")))

    pool.execute(task)
    pool.shutdown()
    gate.set()
    assert pool.await_termination() is True, "await_termination() must give True"
    assert seen == [("raised", "Rejected")] * 2, f"from inside, after shutdown: {seen}"
    assert errors == [], f"a worker ended with {errors}"


def shut_failing(m):
    """ThreadPool, shut down: a task that fails, with others behind it"""
    ran, errors, made, gate = [], [], [], threading.Event()
    pool = m.ThreadPool(1, 1, 0.0, None, pool_policy, crew(errors, made))

    def failing():
        gate.wait()
        raise Boom("task")

    pool.execute(failing)
    pool.execute(lambda: ran.append("a"))
    pool.execute(failing)
    pool.shutdown()
    gate.set()
    assert pool.await_termination() is True, "await_termination() must give True"
    assert ran == ["a"], "a queued task did not run: its worker had failed"
    assert pool.stats().completed == 3, "a task that fails is a completed task"
    settle()
    assert len(errors) == 2, f"what left the workers: {errors}"
    assert len(made) == 2, f"one worker, replaced once: {len(made)} were made"


def shut_from_inside(m):
    """ThreadPool: a task shuts its own pool down"""
    ran, errors = [], []
    pool = pool_of(m, 1, 2, 9.0, 1, errors)
    pool.execute(lambda: (pool.shutdown(), ran.append("a")))
    outcome(pool.execute, lambda: ran.append("b"))
    assert pool.await_termination() is True, "await_termination() must give True"
    assert "a" in ran, f"ran {ran}"
    assert errors == [], f"a worker ended with {errors}"


def shut_as_it_gives_up(m):
    """ThreadPool(0, 1): shutdown as the last worker gives up"""
    ran, errors = [], []
    pool = pool_of(m, 0, 1, 1.0, errors=errors)
    pool.execute(lambda: ran.append("a"))
    time.sleep(1.0)
    taken = outcome(pool.execute, lambda: ran.append("b"))[0] == "gave"
    pool.shutdown()
    assert pool.await_termination() is True, "await_termination() must give True"
    assert taken, "the pool is open: it must take b"
    assert ran == ["a", "b"], f"took a and b, ran {ran}"
    assert errors == [], f"a worker ended with {errors}"


def shut_polled(m):
    """ThreadPool, shut down: poll takes the last queued task away"""
    gate, ran = threading.Event(), []
    pool = pool_of(m, 1, 1)
    pool.execute(gate.wait)
    pool.execute(lambda: ran.append("b"))
    settle()
    pool.shutdown()
    task = pool.poll()
    assert pool.poll() is None, "poll of an empty queue gives None"
    gate.set()
    assert pool.await_termination() is True, "await_termination() must give True"
    assert ran == [], "what poll took must not run by itself"
    task()
    assert ran == ["b"], "poll gives the task"


def shut_with(m):
    """ThreadPool in a with block: it ends when the pool has terminated"""
    ran = []
    pool = pool_of(m, 1, 1)
    with pool as inner:
        assert inner is pool, "with must give the pool itself"
        for name in "ab":
            pool.execute(lambda name=name: (time.sleep(3.0), ran.append(name)))
    assert ran == ["a", "b"], f"at the end of the block these had run: {ran}"
    assert pool.is_terminated() is True, "after the block it is terminated"
    other, got = pool_of(m, 1, 1), None
    try:
        with other:
            other.execute(lambda: (time.sleep(3.0), ran.append("c")))
            raise Boom("block")
    except Boom as error:
        got = str(error)
    assert got == "block", "what the block raises must leave it"
    assert ran[2:] == ["c"], "it must wait where the block raises, too"


def shut_names(m):
    """ThreadPool without a thread_factory: names, daemons, and an end"""
    seen, states = [], []

    def task():
        me = threading.current_thread()
        seen.append((me.name, me.daemon))

    pools = []

    def user():
        pool = m.ThreadPool(3, 3)
        pools.append(pool)
        for _ in range(3):
            pool.execute(task)
        pool.shutdown()
        states.append(pool.await_termination())

    thread = threading.Thread(target=user, name="user", daemon=True)
    thread.start()
    thread.join()
    want = [(f"worker-{n}", False) for n in (1, 2, 3)]
    assert sorted(seen) == want, f"names of the workers, and daemon: {sorted(seen)}"
    assert states == [True], "await_termination() must give True"


def shut_patiently(m):
    """shutdown_and_await on a pool that terminates in time"""
    pool, ran = pool_of(m, 1, 1), []
    for name in "ab":
        pool.execute(lambda name=name: (time.sleep(1.0), ran.append(name)))
    got = m.shutdown_and_await(pool, 2.5)
    assert got == (True, []), f"two tasks of 1 s, patience 2.5 s: {got}"
    assert time.monotonic() == 2.0, "it must return as soon as the pool terminates"
    assert ran == ["a", "b"], f"ran {ran}"
    endless, gate = pool_of(m, 1, 1), threading.Event()
    endless.execute(lambda: time.sleep(500.0))
    got = m.shutdown_and_await(endless, None)
    assert got == (True, []), f"patience None waits for ever: {got}"
    idle = pool_of(m, 1, 1)
    got = m.shutdown_and_await(idle, 0)
    assert got == (True, []), f"an unused pool, patience 0: {got}"


def nap(seconds):
    """Take that long."""
    time.sleep(seconds)


def shut_impatiently(m):
    """shutdown_and_await on a pool that takes too long"""
    for grace, want in ((0.0, False), (1.0, False), (4.0, True), (None, True)):
        pool, ran, begun = pool_of(m, 1, 1), [], time.monotonic()
        tasks = [lambda n=n, ran=ran: (nap(5.0), ran.append(n)) for n in range(4)]
        for task in tasks:
            pool.execute(task)
        ended, left = m.shutdown_and_await(pool, 6.5, grace)
        took = time.monotonic() - begun
        what = f"patience 6.5, grace {grace}, four tasks of 5 s"
        assert left == tasks[2:], f"{what}: two never ran, {len(left)} were given back"
        assert ended is want, f"{what}: terminated is {ended}"
        spent = 10.0 if want else 6.5 + grace
        assert took == spent, f"{what}: it took {took:g} s instead of {spent:g} s"
        pool.await_termination()
        assert ran == [0, 1], f"{what}: tasks {ran} ran"
    pool, ran = pool_of(m, 1, 1), []
    pool.execute(lambda: time.sleep(5.0))
    pool.execute(int)
    begun = time.monotonic()
    ended, left = m.shutdown_and_await(pool, 1.0)
    took = time.monotonic() - begun
    assert (ended, left, took) == (False, [int], 1.0), (
        f"grace is 0: {ended}, {took:g} s"
    )


def shut_calls(m):
    """shutdown_and_await asks the pool in this order"""
    for answers, want in (
        ([True], ["shutdown", ("await", 3.0)]),
        (
            [False, True],
            ["shutdown", ("await", 3.0), "shutdown_now", ("await", 7.0)],
        ),
    ):
        log, todo = [], list(answers)

        class Stand:
            def shutdown(self, log=log):
                log.append("shutdown")

            def shutdown_now(self, log=log):
                log.append("shutdown_now")
                return ["left"]

            def await_termination(self, timeout=None, log=log, todo=todo):
                log.append(("await", timeout))
                return todo.pop(0)

        got = m.shutdown_and_await(Stand(), 3.0, 7.0)
        assert log == want, f"await_termination answers {answers}: calls {log}"
        left = [] if len(answers) == 1 else ["left"]
        assert got == (True, left), f"await_termination answers {answers}: got {got}"


def shut_alone(program):
    bodies = [shut_now_futures, shut_awaits_long, shut_polled, shut_with]
    bodies += [shut_names, shut_patiently, shut_impatiently, shut_calls]
    return explored(program, bodies, bound=0, schedules=1, random_schedules=20)


def shut_in_order(program):
    bodies = [shut_races, shut_at_last, shut_idle, shut_idle_surplus, shut_with_queue]
    bodies += [shut_failing, shut_last_submits, shut_from_inside, shut_as_it_gives_up]
    return explored(program, bodies, spurious=True, schedules=800)


def shut_at_once(program):
    bodies = [shut_now_races, shut_awaits, shut_awaits_empty]
    return explored(program, bodies, spurious=True)


@pytest.mark.task("shutdown_and_await", weight=3)
def test_shutdown_in_one_schedule(student):
    judge(student.explore(shut_alone), STEP_6)


@pytest.mark.task("shutdown_and_await", weight=3)
def test_shutdown_in_order(student):
    judge(student.explore(shut_in_order), STEP_6)


@pytest.mark.task("shutdown_and_await", weight=2)
def test_shutdown_at_once(student):
    judge(student.explore(shut_at_once), STEP_6)


@pytest.mark.task("shutdown_and_await", weight=3)
def test_shutdown_beside_java(student):
    names = ["growth", "core0", "shutdown-runs-queue", "shutdown-idle", "await"]
    names += ["shutdown-surplus", "shutdown-unused", "failing-shut", "failing-last"]
    names += ["cancel-shut", "spawn", "abort"]
    beside_java(student, java_shut, STEP_6, *names)


@pytest.mark.task("shutdown_and_await", weight=2)
def test_shutdown_now_beside_java(student):
    names = ["now", "now-after", "now-unused", "failing-now"]
    beside_java(student, java_shut, STEP_6, *names)


def shutdowns_under_load(lesson, rounds):
    """Return what happened to tasks of pools that are shut down meanwhile."""
    import threading

    seen = []
    for number in range(rounds):
        pool = lesson.ThreadPool(2, 3, 0.1, 4)
        ran, taken, failed = [], [], []
        begun = threading.Event()

        def give(pool=pool, ran=ran, taken=taken, failed=failed, begun=begun):
            for n in range(60):
                try:
                    pool.execute(lambda n=n: ran.append(n))
                    taken.append(n)
                except lesson.Rejected:
                    pass
                except Exception as error:
                    failed.append(type(error).__name__)
                if n == 20:
                    begun.set()

        thread = threading.Thread(target=give, daemon=True)
        thread.start()
        begun.wait(2)
        left = len(pool.shutdown_now()) if number % 2 else pool.shutdown()
        thread.join(2)
        ended = pool.await_termination(4)
        seen.append((len(taken), len(ran), left, ended, failed, pool.stats().size))
        if not ended:
            break
    return seen


@pytest.mark.task("shutdown_and_await", weight=1, repeatable=False)
def test_shutdowns_under_load(student):
    seen = student.run(shutdowns_under_load, rounds=8)
    for number, (taken, ran, left, ended, failed, size) in enumerate(seen):
        verb = "shutdown_now" if number % 2 else "shutdown"
        where = f"{verb} of a pool of real threads while tasks come"
        check.equal(failed, [], where=f"{where}: other exceptions", look=STEP_6)
        check.equal((ended, size), (True, 0), where=f"{where}: terminated, workers")
        evidence = f"{taken} tasks were taken, {ran} ran, {left or 0} were given back"
        check.true(taken == ran + (left or 0), where=where, evidence=evidence)


# --- map_reduce ---------------------------------------------------------------------


def in_order(a, b):
    """Combine so that the order shows."""
    return f"({a}{b})"


def mapped(m):
    """map_reduce on a pool of two: values in the order of the items"""
    pool, threads = pool_of(m, 2, 2), []
    seen = []

    def mapper(item):
        threads.append(threading.current_thread().name)
        return [(letter, f"{item[0]}{n}") for n, letter in enumerate(item[1:])]

    def combine(a, b):
        seen.append(threading.current_thread().name)
        return in_order(a, b)

    items = ["1zyz", "2y", "3", "4xz"]
    got = m.map_reduce(items, mapper, combine, pool)
    want = {"z": "((1012)41)", "y": "(1120)", "x": "40"}
    assert got == want, f"values combined from the left, in order: {got}"
    keys = list(got)
    assert keys == ["z", "y", "x"], f"keys in the order they are met: {keys}"
    assert len(threads) == 4, f"4 items, the mapper was called {len(threads)} times"
    assert "main" not in threads, "the mapper ran in the calling thread"
    assert set(seen) == {"main"}, f"combine ran in {sorted(set(seen))}"
    assert not pool.is_shutdown(), "the pool must stay open"


def mapped_lazily(m):
    """map_reduce: generators, no items, falsy values, and items read once"""
    pool, threads = pool_of(m, 1, 1), []

    def mapper(item):
        yield "n", item
        threads.append(threading.current_thread().name)
        yield None, 0

    numbers = iter([0, None, ""])
    got = m.map_reduce(numbers, mapper, lambda a, b: [a, b], pool)
    want = {"n": [[0, None], ""], None: [[0, 0], 0]}
    assert got == want, f"items 0, None and '': {got}"
    assert "main" not in threads, "a generator must be used up on the pool"
    assert m.map_reduce([], mapper, in_order, pool) == {}, "no items give {}"
    assert m.map_reduce(["i"], lambda item: {}, in_order, pool) == {}, (
        "no pairs give {}"
    )
    got = m.map_reduce("ab", lambda item: {item: 1}.items(), in_order, pool)
    assert got == {"a": 1, "b": 1}, f"a value alone in its key stays as it is: {got}"


def mapped_when_full(m):
    """map_reduce on a pool that rejects: such items are mapped in this thread"""
    gate, log = threading.Event(), []
    pool = pool_of(m, 1, 1, capacity=1)
    pool.execute(gate.wait)
    settle()

    def items():
        for name in "abcd":
            log.append(f"read {name}")
            yield name
        gate.set()

    def mapper(item):
        log.append(f"{threading.current_thread().name} maps {item}")
        return [("all", item)]

    got = m.map_reduce(items(), mapper, in_order, pool)
    assert got == {"all": "(((ab)c)d)"}, f"items a, b, c, d: {got}"
    mine = [line for line in log if not line.startswith("worker")]
    want = ["read a", "read b", "main maps b", "read c", "main maps c", "read d"]
    want.append("main maps d")
    assert mine == want, f"in this thread: {mine}"
    shut = pool_of(m, 1, 1)
    shut.shutdown()
    got = m.map_reduce("ab", mapper, in_order, shut)
    assert got == {"all": "(ab)"}, f"on a pool that is shut down: {got}"


def mapped_with_errors(m):
    """map_reduce: the first item that fails, in order, decides what is raised"""
    for fails, want in (("bd", "b"), ("ad", "a"), ("d", "d"), ("abcd", "a")):
        for capacity in (None, 0):
            pool = pool_of(m, 2, 2, capacity=capacity)

            def mapper(item, fails=fails):
                time.sleep(9.0 - ord(item) % 8)
                if item in fails:
                    raise Boom(item)
                return [("all", item)]

            try:
                got = m.map_reduce("abcd", mapper, in_order, pool)
            except Boom as error:
                got = str(error)
            assert got == want, f"of a, b, c, d these fail: {fails}; got {got!r}"


def mapped_errors_in_order(m):
    """map_reduce: an item mapped in this thread fails before an earlier one does"""
    gate = threading.Event()
    pool = pool_of(m, 1, 1, capacity=0)

    def mapper(item):
        if item == "a":
            gate.wait()
        if item == "b":
            gate.set()
        raise Boom(item)

    try:
        got = m.map_reduce("ab", mapper, in_order, pool)
    except Boom as error:
        got = str(error)
    assert got == "a", f"a and b fail, a is the first; got {got!r}"


def mapped_errors_clean_up(m):
    """map_reduce that fails: nothing of it still runs or begins"""
    for source in ("mapper", "combine", "items", "leaver"):
        log, errors = [], []
        pool = pool_of(m, 2, 2, errors=errors)

        def mapper(item, log=log, source=source):
            log.append(f"begin {item}")
            time.sleep(2.0 + item)
            log.append(f"end {item}")
            if source == "mapper" and item == 0:
                raise Boom("mapper")
            if source == "leaver" and item == 0:
                raise SystemExit(1)
            return [("all", item)]

        def combine(a, b, source=source):
            if source == "combine":
                raise Boom("combine")
            return a + b

        def items(source=source):
            yield from range(6)
            if source == "items":
                time.sleep(1.0)
                raise Boom("items")

        got = None
        try:
            m.map_reduce(items(), mapper, combine, pool)
        except (Boom, SystemExit) as error:
            got = type(error).__name__
        now = list(log)
        want = "SystemExit" if source == "leaver" else "Boom"
        assert got == want, f"{source} raises {want}, map_reduce raised {got}"
        time.sleep(100.0)
        assert log == now, f"{source} raises, and later: {log[len(now) :]}"
        begun = sum(line.startswith("begin") for line in log)
        most = {"items": 2, "combine": 6}.get(source, 3)
        assert begun <= most, f"{source} raises, {begun} of 6 items were mapped"
        assert errors == [], f"a worker ended with {errors}"
        assert pool.submit(int).result(1.0) == 0, "the pool must be usable afterwards"


def mapped_elsewhere(m):
    """map_reduce on another executor: only submit, result and cancel are needed"""
    log = []

    class Later:
        def __init__(self, call):
            self.call = call

        def result(self, timeout=None):
            return self.call()

        def exception(self, timeout=None):
            return None

        def cancel(self):
            return False

        def done(self):
            return True

    class Executor:
        def submit(self, function, *args, **kwargs):
            while type(function) is functools.partial:
                args, function = (*function.args, *args), function.func
            log.append((function, kwargs))
            return Later(lambda: function(*args, **kwargs))

    got = m.map_reduce([3, 4], divisors, in_order, Executor())
    want = {1: "(34)", 3: 3, 2: 4, 4: 4}
    assert got == want, f"the divisors of 3 and 4: {got}"
    assert len(log) == 2, f"two items, {len(log)} submits"
    for function, _ in log:
        own = "<" not in getattr(function, "__qualname__", "<")
        assert own, "other processes cannot find what is submitted by its name"


def divisors(number):
    """Map a number to its divisors."""
    return [(d, number) for d in range(1, number + 1) if number % d == 0]


def mapped_rejections(m):
    """map_reduce: what the mapper raises stays apart from what submit raises"""
    pool, calls = pool_of(m, 1, 1), []

    def mapper(item):
        calls.append(item)
        raise m.Rejected("by the mapper")

    got = outcome(m.map_reduce, ["a"], mapper, in_order, pool)
    refused(got, "Rejected", "map_reduce, the mapper raising Rejected,")
    assert calls == ["a"], f"one item, the mapper was called with {calls}"

    class Broken:
        def submit(self, function, *args):
            raise Boom("submit")

    got = outcome(m.map_reduce, ["a"], mapper, in_order, Broken())
    refused(got, "Boom", "map_reduce, submit raising,")


def maps_alone(program):
    bodies = [mapped_lazily, mapped_when_full, mapped_elsewhere, mapped_rejections]
    return explored(program, bodies, bound=0, schedules=1, random_schedules=10)


def maps(program):
    return explored(program, [mapped], schedules=500)


def maps_with_errors(program):
    bodies = [mapped_with_errors, mapped_errors_in_order, mapped_errors_clean_up]
    return explored(program, bodies, bound=0, schedules=40, random_schedules=20)


@pytest.mark.task("map_reduce", weight=3)
def test_map_reduce(student):
    judge(student.explore(maps), STEP_7)


@pytest.mark.task("map_reduce", weight=3)
def test_map_reduce_in_one_schedule(student):
    judge(student.explore(maps_alone), STEP_7)


@pytest.mark.task("map_reduce", weight=3)
def test_map_reduce_with_errors(student):
    judge(student.explore(maps_with_errors), STEP_7)


def words_under_load(lesson, texts):
    """Count words on a pool of real threads."""
    counts = []
    for settings in ((3, 3), (1, 2, 0.0, 2)):
        pool = lesson.ThreadPool(*settings)
        counts.append(
            lesson.map_reduce(
                texts,
                lambda text: [(word, 1) for word in text.split()],
                lambda a, b: a + b,
                pool,
            )
        )
        pool.shutdown()
    return [list(count.items()) for count in counts]


@pytest.mark.task("map_reduce", weight=1, repeatable=False)
def test_words_under_load(student, rng):
    words = ["queue", "pool", "lock", "thread", "future", "task"]
    texts = [
        " ".join(words[i] for i in rng.integers(0, len(words), size=int(n)))
        for n in rng.integers(0, 12, size=60)
    ]
    got = student.run(words_under_load, texts=texts)
    want = {}
    for word in " ".join(texts).split():
        want[word] = want.get(word, 0) + 1
    for pairs in got:
        where = "map_reduce, words of 60 texts on real threads"
        check.equal(pairs, list(want.items()), where=where, look=STEP_7)
