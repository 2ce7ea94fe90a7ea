"""Submissions under the explorer: loaded once, judged in a clean process."""

import pytest

from autograder.student.lab.schedule import Missing, Program, same
from autograder.student.proxy import NotAttempted, StudentRaised
from autograder.student.testing.in_process import LocalChannel
from autograder.student.testing.local import LocalStudent
from autograder.student.view import Student

COUNTER = """
import threading
from dataclasses import dataclass, field
from typing import ClassVar

total: int = 0
seen: list[int] = []

@dataclass
class Counter:
    limit: int = 3
    made: ClassVar[int] = 0
    items: list = field(default_factory=list)

    def __post_init__(self) -> None:
        self.n = 0
        self._task = None
        self.lock = threading.Lock()
        Counter.made += 1

    def up(self) -> None:
        {guard}:
            n = self.n
            self.n = n + 1

class Worker(threading.Thread):
    def __init__(self, counter: Counter) -> None:
        super().__init__(name="worker")
        self._task = counter.up

    def run(self) -> None:
        global total
        total += 1
        seen.append(total)
        self._task()

def later():
    raise NotImplementedError("later: chapter, step 9")
"""
SAFE, RACY = (COUNTER.replace("{guard}", g) for g in ("with self.lock", "if True"))
WORKERS = 2


def two_workers(module):
    counter = module.Counter()
    workers = [module.Worker(counter) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert counter.n == WORKERS, f"counted {counter.n}"
    assert module.total == len(module.seen) == WORKERS
    assert module.Counter.made == 1


def counting(program, bound):
    found = program.explore(
        two_workers, bound=bound, random_schedules=0, watched=["Counter"], races=False
    )
    again = program.replay(
        two_workers, found["schedule"], watched=["Counter"], races=False
    )
    return {"found": found, "same": again["story"] == found["story"]}


def a_stub(program):
    return program.explore(lambda module: module.later())


def a_missing_name(program):
    return program.explore(lambda module: module.Nothing())


def student(*sources):
    from autograder.student.notebook.submission import Submission

    cells = [(f"cell {n}", source) for n, source in enumerate(sources, 1)]
    submission = Submission.from_sources("answer.py", cells)
    opened = LocalStudent(LocalChannel.load(submission.cells))
    return Student(opened.session, opened.clean, opened.cells)


def test_finds_a_lost_update_with_the_judges_own_helpers():
    answer = student(RACY)
    evidence = answer.explore(counting, bound=1)
    assert evidence["same"]
    found = evidence["found"]
    assert found["kind"] == "exception"
    assert "counted 1" in found["message"]
    assert any("self.n = n + 1" in line for line in found["story"])
    assert not any("two_workers" in line or "assert" in line for line in found["story"])


def test_every_run_starts_from_the_state_that_was_loaded():
    evidence = student(SAFE).explore(counting, bound=1)
    assert evidence["found"]["kind"] == "ok"
    assert evidence["found"]["schedules"] > 20


def test_what_is_compared_with_known_mistakes_holds_no_places():
    answer = student(RACY)
    answer.explore(counting, bound=1)
    ((label, evidence),) = answer._session.transcript
    assert label == "counting"
    assert evidence == {"found": {"kind": "exception"}, "same": True}


def test_a_stub_is_not_attempted_and_a_missing_name_explained():
    answer = student(SAFE, "class Nothing:\n    def f(self): return self.__dict__")
    with pytest.raises(NotAttempted, match="not attempted"):
        answer.explore(a_stub)
    with pytest.raises(StudentRaised) as caught:
        answer.explore(a_missing_name)
    assert "Nothing is not defined: cell 2, line 2: __dict__" in str(
        caught.value.message
    )
    with pytest.raises(NotAttempted, match="nothing defines Nothing"):
        student(SAFE).explore(a_missing_name)


def test_a_statement_that_fails_names_what_is_lost():
    program = Program([("cell 1", "x = 1\ny = 1 / 0\nz = 2\n")])
    module = program.load()
    assert (module.x, module.z) == (1, 2)
    with pytest.raises(Missing) as caught:
        _ = module.y
    assert caught.value.reason == "cell 1, line 2: ZeroDivisionError: division by zero"


def test_state_that_cannot_be_put_back_is_loaded_anew():
    source = "import itertools\nids = itertools.count()\ndef take(): return next(ids)"
    program = Program([("cell 1", source)])

    def body(module):
        assert module.take() == 0

    assert program.explore(body, random_schedules=3)["kind"] == "ok"


def test_an_absent_module_costs_only_those_who_use_it():
    source = "import sys, numpy as np\nfrom os import path\ndef one(): return 1\n"
    program = Program([("cell 1", source + "def two(): return sys.maxsize")])
    assert program._ready(((), False))[1] is not None
    assert program.explore(lambda module: module.one())["kind"] == "ok"
    found = program.explore(lambda module: module.two())
    assert "sys is not available under the explorer" in found["message"]


def test_state_of_closures_defaults_and_objects_is_put_back():
    source = """
from functools import wraps
class Box:
    def __init__(self): self.items = {}
box, row = Box(), [[]]
def counted(f):
    calls = 0
    @wraps(f)
    def call(*args):
        nonlocal calls
        calls += 1
        return calls, f(*args)
    return call
@counted
def add(x, seen=[]):
    seen.append(x); box.items[x] = x; row[0].append(x); box.new = 1
    add.mark, add.__name__ = len(seen), "another"
    return len(seen), len(box.items), len(row[0])
"""
    program = Program([("cell 1", source)])

    def body(module):
        assert not hasattr(module.box, "new")
        assert not hasattr(module.add, "mark")
        assert module.add.__name__ == "add"
        assert module.add(7) == (1, (1, 1, 1))

    assert program.explore(body, random_schedules=5)["kind"] == "ok"
    assert program._ready(((), False))[1] is not None


def test_objects_are_in_the_same_order_in_each_run():
    source = """
import random, threading
class Task: pass
def order():
    tasks = [Task() for _ in range(9)]
    locks = [threading.Lock() for _ in range(9)]
    random.shuffle(tasks)
    names = {id(t): n for n, t in enumerate(tasks)}
    both = set(tasks) | set(locks)
    return [names.get(id(t), -1) for t in both], random.random()
"""
    program = Program([("cell 1", source)])
    seen = set()

    def body(module):
        order, number = module.order()
        seen.add((*order, number))

    program.explore(body, random_schedules=5)
    assert len(seen) == 1


def test_leaving_the_main_thread_early_is_a_failure():
    program = Program([("cell 1", "def leave(): raise SystemExit(0)")])
    found = program.explore(lambda module: module.leave())
    assert found["kind"] == "exception"
    assert "SystemExit" in found["message"]


REFUSED = {
    "x.__globals__": "__globals__ is not among what the explorer allows",
    "x.gi_frame": "gi_frame is not among what",
    "x.__class__": "use type(x)",
    "x._lab_owner": "belongs to the explorer",
    "x.format(1)": "use an f-string",
    "'{0.__class__}'.format(x)": "__class__ is not among what",
    "'{:{0.gi_frame}}'.format(x)": "gi_frame is not among what",
    "eval('x')": "write the expression itself",
    "__builtins__": "__builtins__ is not allowed",
    "class A(metaclass=x): pass": "a metaclass",
    "class A:\n    def __getattribute__(self, n): pass": "defining __getattribute__",
    "class A:\n    __slots__ = x": "list the names themselves",
    "class A:\n    __match_args__ = ('__class__',)": "__class__ is not among what",
    "from enum import Enum\nEnum._convert_('x', 'sys', None)": "_convert_ is not among",
    "def _convert_(x): return x._convert_": "choose another name",
    "x.f_back = x.f_back": "f_back is not among what the explorer allows: choose",
    "x._never_defined": "_never_defined is not among what the explorer allows, and",
    "class A(**{'metaclass': x}): pass": "a metaclass",
    "class lab:\n    def f(self): self.__owner = 1": "needs another name",
    "try: x\nexcept* ValueError: pass": "TryStar is not among what",
    "[y async for y in x]": "async code",
    "'{0.mro}'.format(x)": "mro is not among",
    "f'{x:{x.gi_frame}}'": "gi_frame is not among",
    "lambda x: x.with_traceback": "with_traceback is not among",
    "match x:\n    case object(__dict__=d): pass": "__dict__ is not allowed",
    "match x:\n    case object(format=f): pass": "use an f-string",
    "from os import *": "import the names that you use",
    "from . import x": "import the module by its name",
    "import threading as __builtins__": "__builtins__ is not allowed",
    "async def f(): pass": "use threads",
    "x.__name__ = __file__": "__file__ is not allowed",
    "def f(_lab_owner): pass": "belongs to the explorer",
}


@pytest.mark.parametrize("source", REFUSED)
def test_names_the_line_and_the_remedy_of_a_refusal(source):
    program = Program([("cell 3", f"x = 1\n{source}\n")])
    (refusal,) = program.refusals
    assert REFUSED[source] in str(refusal)
    assert str(refusal).startswith("cell 3, line ")
    assert program.load().x == 1


ALLOWED = """
from __future__ import annotations
import collections.abc, enum, functools, heapq, itertools, math, random, re, threading
from collections import Counter, namedtuple
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Callable, ClassVar, Generic, NamedTuple, Optional, TypeVar
import logging, os, sys, numpy as np

T = TypeVar("T")
Task = Callable[[], Any]
Pair = Optional[tuple[int, Task]]
log = logging.getLogger(__name__)

class Row(NamedTuple):
    name: str
    n: int = 0

class Colour(enum.Enum):
    RED = enum.auto()

class Box(Generic[T]):
    __slots__ = ("item",)
    def __init__(self, item: T) -> None: self.item = item
    def __repr__(self): return f"{self.__class__.__name__}({self.item!r:>4})"
    __str__ = __repr__

@dataclass(order=True)
class Job:
    rank: int
    notes: list[str] = field(default_factory=list, compare=False)
    made: ClassVar[int] = 0

@contextmanager
def held(lock):
    with lock: yield "held"

@functools.lru_cache
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)

class Worker(threading.Thread):
    def run(self):
        if self._target: self._target(*self._args)

def all_of_it():
    out = []
    worker = Worker(target=out.append, args=(1,)); worker.start(); worker.join()
    with held(threading.Lock()) as text, suppress(KeyError): out.append(text)
    heap = []; heapq.heappush(heap, (1, Job(2)))
    words = Counter(re.findall(r"\\w+", "a b a"))
    setattr(worker, "note", 3); assert getattr(worker, "note") == 3
    rows = [Row("x"), Row("y", 2)._replace(n=5)]
    out += [str(Box(1)), "{} {:>3}".format(1, 2), f"{math.pi:.2f}", words["a"], fib(9)]
    out += [Colour.RED.name, rows[1].n, heap[0][1].rank, type(worker).__name__]
    out.append(isinstance(all_of_it, collections.abc.Callable))
    match rows[1]:
        case Row(name=n, n=5): out.append(n)
    log.exception("nobody reads this")
    return out
"""


def test_ordinary_code_is_within_the_language():
    program = Program([("cell 1", ALLOWED)])
    assert program.refusals == []

    def body(module):
        want = [1, "held", "Box(   1)", "1   2", "3.14", 2, 34, "RED", 5, 2]
        same(module.all_of_it(), [*want, "Worker", True, "y"], "what it gives")

    found = program.explore(body, random_schedules=5)
    assert found["kind"] == "ok", found["message"]
    assert program._failures == []


class Seven(int):
    def __eq__(self, other):
        return True

    __hash__ = int.__hash__


def test_same_asks_no_object_whether_it_is_equal():
    same([(1, "a"), {"k": {2}}], [(1, "a"), {"k": {2}}])
    for got, want in ((Seven(7), 8), (1, True), ([1], (1,)), (object(), object())):
        with pytest.raises(AssertionError):
            same(got, want, "it")
