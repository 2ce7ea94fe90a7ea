"""Hidden tests of `threads_of_this_process`."""

import pytest
from hidden.common import CONTRACT

from autograder.student.testing import check

STEP_1 = "Chapter, step 1."


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
