"""What the explorer's answer is worth: canaries, searches that saw too little."""

import dataclasses

import pytest

from autograder.student.lab.schedule import Program
from autograder.student.lab.schedule.search import explorer
from autograder.student.lab.schedule.submission.allowed_attributes import (
    LISTED,
    RESERVED,
)
from autograder.student.proxy import StudentForged
from tests.unit.test_schedule_program import SAFE, counting, student

BUSY = """
import threading
class Counter:
    def __init__(self):
        self.lock, self.other, self.n = threading.Lock(), threading.Lock(), 0
    def up(self):
        for _ in range({n}):
            with self.other: pass
        with self.lock: self.n += 1
def work(workers):
    counter = Counter()
    threads = [threading.Thread(target=counter.up) for _ in range(workers)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    return counter.n
"""


def three_at_work(module):
    assert module.work(3) == 3


def explored(n, **options):
    rules = {"schedules": 50, "random_schedules": 5, **options}
    return Program([("cell 1", BUSY.format(n=n))]).explore(three_at_work, **rules)


def test_a_search_of_very_long_runs_is_unfinished():
    found = explored(100)
    assert found["kind"] == "unfinished"
    assert "has about" in found["message"]
    assert not found["complete"]


def test_short_runs_and_complete_searches_are_not():
    short = explored(1)
    assert (short["kind"], short["complete"]) == ("ok", False)
    assert explored(100, bound=0)["kind"] == "ok"
    whole = Program([("cell 1", BUSY.format(n=100))])
    found = whole.explore(lambda module: module.work(1), random_schedules=0)
    assert (found["kind"], found["complete"]) == ("ok", True)


def test_a_failure_is_told_however_long_the_runs_are():
    wrong = BUSY.format(n=100).replace("self.n += 1", "self.n += 2")
    found = Program([("cell 1", wrong)]).explore(three_at_work, schedules=5)
    assert found["kind"] == "exception"


def test_the_canary_sings_beside_an_honest_submission():
    answer = student(SAFE)
    answer.explore(counting, bound=1)
    labels = [label for label, _ in answer._session.transcript]
    assert labels == ["counting"]  # mistakes are not compared by it


def test_an_explorer_that_says_ok_to_everything_is_found_out(monkeypatch):
    whole = explorer.explore

    def lying(*args, **options):
        found = whole(*args, **options)
        return dataclasses.replace(found, kind="ok", message="", schedule=())

    monkeypatch.setattr(explorer, "explore", lying)
    with pytest.raises(StudentForged, match="does not find a known mistake"):
        student(SAFE).explore(counting, bound=1)


def test_no_name_is_both_listed_and_reserved():
    assert not LISTED & RESERVED
    assert {"acquire", "append", "name", "notify_all", "put", "popleft"} <= LISTED
    assert {"_convert_", "gi_frame", "f_back", "tb_frame", "mro", "obj"} <= RESERVED
    assert not any(name.startswith("_lab_") for name in LISTED)


def test_a_broken_cell_takes_no_names_from_the_others():
    whole = ("c", "def ask(pool): return pool.submit(7).outcome")
    program = Program([("b", "class Pool:\n    def submit(self"), whole])
    assert [refusal.label for refusal in program.refusals] == ["b"]


ENUMS = "from enum import Enum\nclass A(Enum):\n    X = 1\n"
CALLS = {
    "A('B', 'x y')": "write an Enum as a class",
    "Enum('B', {'__eq__': 1}, module='builtins')": "write an Enum as a class",
    "Enum.__call__('B', 'x')": "write an Enum as a class",
    "namedtuple('A', ['x', 7])": "plain text",
    "namedtuple('__A__', 'x')": "plain text",
}


@pytest.mark.parametrize("call", CALLS)
def test_refuses_kinds_that_are_made_by_a_call(call):
    source = f"{ENUMS}from collections import namedtuple\ndef f(): return {call}\n"
    found = Program([("c", source)]).explore(lambda m: m.f(), random_schedules=0)
    assert found["kind"] == "exception"
    assert CALLS[call] in found["message"]


def test_members_of_enums_are_found():
    source = f"{ENUMS}def f(): return A(1) is A.X and A['X'].name == 'X'\n"
    program = Program([("c", source)])
    assert program.load().f()
