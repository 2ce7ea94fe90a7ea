"""Hidden tests of `threads_of_this_process`: real threads that wait at known depths.

Six threads with names of this grading wait in functions that are known calls deep. All
tests look at the same rows: who is there, what each is doing, and the awkward cases.
"""

import pytest

from autograder.student.proxy import Handle
from autograder.student.testing import check

STEP_1 = "Chapter, step 1."
CONTRACT = "The contract in the docstring."


def some_threads(lesson, names):
    """Start threads that sleep at known depths; return what ends them."""
    import threading
    import types

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
        work = (lambda n=number: deep(n if n < 5 else 600)) if number % 2 else short
        thread = threading.Thread(target=work, name=name, daemon=number % 3 != 1)
        threads.append(thread)
        thread.start()
    for _ in threads:
        ready.acquire()

    def end():
        gate.set()
        for thread in threads:
            thread.join()
        ended = threading.Thread(target=short, name="ended")
        ended.start()
        ended.join()

    idents = [thread.ident for thread in threads]
    return types.SimpleNamespace(idents=idents, me=threading.get_ident(), end=end)


def foreign_threads(lesson):
    """Start two threads by `_thread`: `threading` need not know them, or their end.

    One has a frame and is not listed. One has ended, so that it has no frame, but once
    asked who it is, and so Python 3.11 lists it still.
    """
    import _thread
    import sys
    import threading
    import time
    import types

    gate, ready = _thread.allocate_lock(), threading.Semaphore(0)
    gate.acquire()

    def unlisted():
        ready.release()
        gate.acquire()

    def listed():
        threading.current_thread()
        ready.release()

    first = _thread.start_new_thread(unlisted, ())
    second = _thread.start_new_thread(listed, ())
    for _ in range(2):
        ready.acquire()
    while second in sys._current_frames():
        time.sleep(0.001)
    return types.SimpleNamespace(unlisted=first, end=gate.release)


def asked(student, tag):
    """Ask for the rows beside threads of these names; two of them are called alike.

    Only the threads are of a scenario; the rows are the function's own answer.
    """
    names = [f"{c}-{tag}" for c in "qbzab"] + [f"b-{tag}"]  # k calls deep, or 0
    threads = student.run(some_threads, names=names)
    idents, me = dict(zip(names, threads.idents, strict=True)), threads.me
    try:
        found = student.threads_of_this_process()
    finally:
        threads.end()
    later = [row_of(row)[0] for row in student.threads_of_this_process()]
    fields = [getattr(row, "fields", {}) for row in found[:1]]
    named = [
        [row.get(f) for f in ("name", "ident", "daemon", "stack")] for row in fields
    ]
    check.equal(
        type(found).__name__,
        "list",
        where="threads_of_this_process: type",
        look=CONTRACT,
    )
    return names, ([row_of(row) for row in found], named, idents, me, later)


def row_of(row):
    """Return a row as a tuple; a named one comes as an object with its fields."""
    return tuple(row.fields.values()) if isinstance(row, Handle) else tuple(row)


@pytest.mark.task("threads_of_this_process", weight=2, core=True)
def test_rows_of_threads(student, rng):
    tag = int(rng.integers(10**6))
    names, (rows, _, idents, _, _) = asked(student, tag)

    where = "threads_of_this_process, beside six threads that wait"
    check.plain(rows, where)
    ours = [row for row in rows if str(row[0]).endswith(f"-{tag}")]
    seen = [row[0] for row in ours]
    check.equal(sorted(seen), sorted(names), where=f"{where}: names", look=STEP_1)
    check.equal(seen, sorted(names), where=f"{where}: names, in order", look=CONTRACT)
    for row in ours:
        if row[0] != f"b-{tag}":
            number = names.index(row[0])
            check.equal(row[1], idents[row[0]], where=f"{where}: ident", look=STEP_1)
            check.equal(row[2], number % 3 != 1, where=f"{where}: daemon", look=STEP_1)


@pytest.mark.task("threads_of_this_process", weight=2, core=True)
def test_stacks_of_threads(student, rng):
    tag = int(rng.integers(10**6))
    names, (rows, *_) = asked(student, tag)

    where = "threads_of_this_process, beside six threads that wait: stack"
    ours = [row for row in rows if str(row[0]).endswith(f"-{tag}")]
    check.equal(len(ours), len(names), where=f"{where}s", look=STEP_1)
    for row in ours:
        check.equal(type(row[3]).__name__, "tuple", where=f"{where}: type")
        stack = list(row[3])
        depth = stack.count("deep")
        number = names.index(row[0])
        if row[0] == f"b-{tag}":
            evidence = f"{depth} frames of a function that is 0, 2 or 601 calls deep"
            check.true(
                depth in (0, 2, 601), where=where, evidence=evidence, look=STEP_1
            )
        if row[0] != f"b-{tag}":
            want = number + 1 if number % 2 else 0
            evidence = f"{depth} frames of a function that is {want} calls deep"
            check.true(depth == want, where=where, evidence=evidence, look=STEP_1)
        places = [stack.index(n) for n in ("run", "wait") if n in stack]
        inner = [n for n, name in enumerate(stack) if name in ("deep", "short")]
        order = len(places) == 2 and bool(inner)
        order = order and places[0] < inner[0] and inner[-1] < places[1]
        evidence = "the outermost function must come first, the innermost last"
        check.true(order, where=where, evidence=evidence, look=STEP_1)
        evidence = f"it begins with {check.show(stack[0])}: "
        evidence += "it must begin where the thread does"
        outermost = stack[:2] == ["_bootstrap", "_bootstrap_inner"]
        check.true(outermost, where=where, evidence=evidence, look=STEP_1)
        evidence = (
            f"it ends with {check.show(stack[-1])}: it must end where the thread is"
        )
        ends = stack[-1] in ("wait", "acquire", "_wait")
        check.true(ends, where=where, evidence=evidence, look=STEP_1)


@pytest.mark.task("threads_of_this_process", weight=1)
def test_rows_in_awkward_cases(student, rng):
    tag = int(rng.integers(10**6))
    names, (rows, named, _, me, later) = asked(student, tag)

    where = "threads_of_this_process"
    mine = [row for row in rows if row[1] == me]
    evidence = "it must be listed, with this very function on its stack"
    here = bool(mine) and "threads_of_this_process" in mine[0][3]
    check.true(here, where=f"{where}: the asking thread", evidence=evidence)
    gone = not set(later) & {*names, "ended"}
    evidence = "a thread is listed that has ended, or never started"
    check.true(gone, where=where, evidence=evidence, look=STEP_1)
    same = named == [list(rows[0])]
    evidence = f"the fields name, ident, daemon, stack hold {check.show(named)}"
    check.true(same, where=f"{where}: fields", evidence=evidence, look=CONTRACT)
    order = [row[:2] for row in rows]
    ascending = order == sorted(order)
    evidence = f"got {check.show(order)}, which is not in order"
    check.true(ascending, where=f"{where}: order", evidence=evidence, look=CONTRACT)


@pytest.mark.task("threads_of_this_process", weight=1)
def test_rows_of_foreign_threads(student):
    threads = student.run(foreign_threads)
    unlisted = threads.unlisted
    try:
        rows = [row_of(row) for row in student.threads_of_this_process()]
    finally:
        threads.end()

    where = "threads_of_this_process, beside threads that `_thread` started"
    check.plain(rows, where)
    evidence = "a thread is listed that threading.enumerate() does not list"
    listed = unlisted not in [row[1] for row in rows]
    check.true(listed, where=where, evidence=evidence, look=CONTRACT)
    evidence = "a thread is listed that has no frame"
    check.true(all(row[3] for row in rows), where=where, evidence=evidence)
