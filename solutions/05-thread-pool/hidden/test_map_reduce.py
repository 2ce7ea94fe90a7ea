"""Hidden tests of `map_reduce`: scenes under the schedule explorer.

The core asks for values in the order of the items, for what is raised and what still
runs then, and for items that the pool rejects. The other tests ask for generators and
falsy values, for other executors and for errors of `submit`, and count words on real
threads. More than 400 lines: scenes and the tests that run them.
"""

import functools
import threading
import time

import pytest
from hidden.pools import Boom, pool_of
from hidden.scenes import alone, explored, outcome, refused, settle

from autograder.student.testing import check
from autograder.student.testing.stories import judge

STEP_7 = "Chapter, step 7."


# --- values and errors in order -----------------------------------------------------


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

    items = ["1zyz", "2y", "3", "4xzz"]
    got = m.map_reduce(items, mapper, combine, pool)
    want = {"z": "(((1012)41)42)", "y": "(1120)", "x": "40"}
    assert got == want, f"values combined from the left, in order: {got}"
    keys = list(got)
    assert keys == ["z", "y", "x"], f"keys in the order they are met: {keys}"
    assert len(threads) == 4, f"4 items, the mapper was called {len(threads)} times"
    assert "main" not in threads, "the mapper ran in the calling thread"
    assert set(seen) == {"main"}, f"combine ran in {sorted(set(seen))}"
    assert not pool.is_shutdown(), "the pool must stay open"


def mapped_slowly(m):
    """map_reduce: items that are mapped last, first and in between"""
    pool = pool_of(m, 3, 3)

    def mapper(item):
        time.sleep({"a": 3.0, "b": 1.0, "c": 2.0}[item])
        return [("all", item), (item, 1)]

    got = m.map_reduce("abc", mapper, in_order, pool)
    want = {"all": "((ab)c)", "a": 1, "b": 1, "c": 1}
    assert got == want, f"a takes 3 s, b 1 s and c 2 s: {got}"
    keys = list(got)
    assert keys == ["all", "a", "b", "c"], f"keys in the order they are met: {keys}"


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
        yield "all", item
        log.append(f"{threading.current_thread().name} maps {item}")

    got = m.map_reduce(items(), mapper, in_order, pool)
    assert got == {"all": "(((ab)c)d)"}, f"items a, b, c, d: {got}"
    mine = [line for line in log if not line.startswith("worker")]
    want = ["read a", "read b", "main maps b", "read c", "main maps c", "read d"]
    want.append("main maps d")
    assert mine == want, f"in this thread: {mine}"


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


def mapped_leaver_here(m):
    """map_reduce: an error of an item mapped in this thread waits its turn"""
    for kind in (SystemExit, m.Rejected):
        gate = threading.Event()
        pool = pool_of(m, 1, 1, capacity=0)

        def mapper(item, gate=gate, kind=kind):
            if item == "a":
                gate.wait()
                raise Boom(item)
            gate.set()
            raise kind(item)

        got = None
        try:
            m.map_reduce("ab", mapper, in_order, pool)
        except (Boom, SystemExit, m.Rejected) as error:
            got = type(error).__name__
        assert got == "Boom", f"a and b fail, a is the first; got {got}"


def mapped_errors_clean_up(m):
    """map_reduce that fails: nothing of it still runs or begins"""
    for source in ("mapper", "combine", "items", "leaver", "odd", "submit"):
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
            if source == "odd" and item == 0:
                raise Odd
            return [("all", item)]

        class Odd(BaseException):
            pass

        class Broken:
            def submit(self, function, *args, pool=pool):
                if args[-1] == 4:
                    raise Boom("submit")
                return pool.submit(function, *args)

        def combine(a, b, source=source):
            if source == "combine":
                raise Odd
            return a + b

        def items(source=source):
            yield from range(6)
            if source == "items":
                time.sleep(1.0)
                raise SystemExit(1)

        got = None
        try:
            offered = Broken() if source == "submit" else pool
            m.map_reduce(items(), mapper, combine, offered)
        except (Boom, SystemExit, Odd) as error:
            got = type(error).__name__
        now = list(log)
        want = {"leaver": "SystemExit", "items": "SystemExit"}.get(source, "Boom")
        want = "Odd" if source in ("odd", "combine") else want
        assert got == want, f"{source} raises {want}, map_reduce raised {got}"
        time.sleep(100.0)
        assert log == now, f"{source} raises, and later: {log[len(now) :]}"
        begun = sum(line.startswith("begin") for line in log)
        most = {"items": 2, "combine": 6}.get(source, 3)
        assert begun <= most, f"{source} raises, {begun} of 6 items were mapped"
        assert errors == [], f"a worker ended with {errors}"
        assert pool.submit(int).result(1.0) == 0, "the pool must be usable afterwards"


# --- awkward cases ------------------------------------------------------------------


def mapped_lazily(m):
    """map_reduce: generators, no items, falsy values, and items read once"""
    pool, threads = pool_of(m, 1, 1), []

    def mapper(item):
        yield "n", item
        threads.append(threading.current_thread().name)
        yield None, 0

    numbers = iter([None, 0, ""])
    got = m.map_reduce(numbers, mapper, lambda a, b: [a, b], pool)
    want = {"n": [[None, 0], ""], None: [[0, 0], 0]}
    assert got == want, f"items None, 0 and '': {got}"
    assert "main" not in threads, "a generator must be used up on the pool"
    assert m.map_reduce([], mapper, in_order, pool) == {}, "no items give {}"
    assert m.map_reduce(["i"], lambda item: {}, in_order, pool) == {}, (
        "no pairs give {}"
    )
    got = m.map_reduce("ab", lambda item: {item: 1}.items(), in_order, pool)
    assert got == {"a": 1, "b": 1}, f"a value alone in its key stays as it is: {got}"


def mapped_when_shut(m):
    """map_reduce on a pool that is shut down: all items are mapped in this thread"""
    names = []

    def mapper(item):
        names.append(threading.current_thread().name)
        return [("all", item)]

    shut = pool_of(m, 1, 1)
    shut.shutdown()
    got = m.map_reduce("ab", mapper, in_order, shut)
    assert got == {"all": "(ab)"}, f"on a pool that is shut down: {got}"
    assert names == ["main"] * 2, f"they were mapped in {names}"


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


def mapped_elsewhere_fails(m):
    """map_reduce on another executor, whose first item fails and second is cancelled"""
    log = []

    class Other(Exception):
        pass

    class Early:
        def __init__(self, number):
            self.number = number

        def result(self):
            raise Boom("a") if self.number == 0 else Other

        def exception(self):
            log.append(self.number)
            if self.number == 1:
                raise Other
            return Boom("a")

        def cancel(self):
            return self.number == 1

    class Executor:
        made = 0

        def submit(self, function, *args):
            self.made += 1
            return Early(self.made - 1)

    got = outcome(m.map_reduce, "ab", divisors, in_order, Executor())
    refused(got, "Boom", "map_reduce, the first item failing, the second cancelled,")


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

    def rejected():
        yield "a"
        raise m.Rejected("by items")

    got = outcome(m.map_reduce, rejected(), lambda item: [], in_order, pool)
    refused(got, "Rejected", "map_reduce, items raising Rejected,")

    class Broken:
        def submit(self, function, *args):
            raise RuntimeError("submit")

    got = outcome(m.map_reduce, ["a"], mapper, in_order, Broken())
    refused(got, "RuntimeError", "map_reduce, submit raising,")


# --- the tests ----------------------------------------------------------------------


def maps(program):
    seen = alone(program, [mapped_slowly])
    if seen[-1]["found"]["kind"] == "ok":
        seen += explored(program, [mapped], schedules=150)
    return seen


def maps_when_full(program):
    return alone(program, [mapped_when_full])


def maps_with_errors(program):
    scenes = [mapped_with_errors, mapped_errors_in_order, mapped_errors_clean_up]
    scenes += [mapped_leaver_here]
    return explored(program, scenes, bound=0, schedules=10, random_schedules=5)


def maps_lazily(program):
    return alone(program, [mapped_lazily, mapped_when_shut])


def maps_elsewhere(program):
    return alone(program, [mapped_elsewhere, mapped_elsewhere_fails, mapped_rejections])


@pytest.mark.task("map_reduce", weight=3, core=True)
def test_map_reduce(student):
    judge(student.explore(maps), STEP_7)


@pytest.mark.task("map_reduce", weight=2, core=True)
def test_map_reduce_with_errors(student):
    judge(student.explore(maps_with_errors), STEP_7)


@pytest.mark.task("map_reduce", weight=1, core=True)
def test_map_reduce_on_a_full_pool(student):
    judge(student.explore(maps_when_full), STEP_7)


@pytest.mark.task("map_reduce", weight=2)
def test_map_reduce_in_awkward_cases(student):
    judge(student.explore(maps_lazily), STEP_7)


@pytest.mark.task("map_reduce", weight=1)
def test_map_reduce_on_other_executors(student):
    judge(student.explore(maps_elsewhere), STEP_7)


def words_for_real(lesson, texts):
    """Count words on an executor of the library with one real thread."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        counts = lesson.map_reduce(
            texts,
            lambda text: [(word, 1) for word in text.split()],
            lambda a, b: a + b,
            pool,
        )
    return list(counts.items())


# Evidence of the submission's own process, which can lie: worth little.
@pytest.mark.task("map_reduce", weight=0.5)
def test_words_on_a_real_thread(student, rng):
    words = ["queue", "pool", "lock", "thread", "future", "task"]
    texts = [
        " ".join(words[i] for i in rng.integers(0, len(words), size=int(n)))
        for n in rng.integers(0, 12, size=60)
    ]
    got = student.run(words_for_real, texts=texts)
    want = {}
    for word in " ".join(texts).split():
        want[word] = want.get(word, 0) + 1
    where = "map_reduce, words of 60 texts on a real thread"
    check.equal(got, list(want.items()), where=where, look=STEP_7)
