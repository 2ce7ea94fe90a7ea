"""Where every line is a step, what no lock orders is found too."""

import pytest

from autograder.student.lab.schedule import (
    Program,
    Script,
    explore,
    explored_modules,
    same,
)

threading = explored_modules()["threading"]

SOURCE = """
import threading
total, books, lock = 0, {"n": 0}, threading.Lock()

class Shelf:
    def __init__(self): self.rows = [0]; self.n = 0
    def add(self):
        '''Add one to everything.'''
        global total
        CHANGE

shelf = Shelf()
"""
CHANGES = {
    "an attribute": ("self.n += 1", lambda m: m.shelf.n),
    "an item": ("books['n'] += 1", lambda m: m.books["n"]),
    "an item of an attribute": ("self.rows[0] += 1", lambda m: m.shelf.rows[0]),
    "a global": ("total += 1", lambda m: m.total),
    "two lines": ("n = total\n        total = n + 1", lambda m: m.total),
    "check then act": (
        "while True:\n            if not self.rows: break\n            try:\n"
        "                self.rows.pop(); self.n += 1\n            except IndexError:\n"
        "                self.n += 1; raise",
        lambda m: m.shelf.n + 1,
    ),
}


def body(read):
    def run(module):
        threads = [threading.Thread(target=module.shelf.add) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        same(read(module), 2, "the total")

    return run


@pytest.mark.parametrize("name", CHANGES)
def test_finds_what_nothing_orders(name):
    change, read = CHANGES[name]
    program = Program([("cell 1", SOURCE.replace("CHANGE", change))])
    assert program.refusals == []
    found = program.explore(body(read), bound=1, random_schedules=0, lines=True)
    assert found["kind"] == "exception"
    again = program.replay(body(read), found["schedule"], lines=True)
    assert again["story"] == found["story"]
    coarse = program.explore(body(read), bound=1, random_schedules=0)
    assert coarse["kind"] == "ok"


def test_finds_nothing_behind_a_lock():
    locked = "with lock:\n            self.n += 1"
    program = Program([("cell 1", SOURCE.replace("CHANGE", locked))])
    read = CHANGES["an attribute"][1]
    assert program.explore(body(read), random_schedules=50, lines=True)["kind"] == "ok"


SCRIPT = """
import threading
seen = []
def add():
    match len(seen):
        case n:
            seen.append(n)
threads = [threading.Thread(target=add) for _ in range(2)]
for t in threads: t.start()
for t in threads: t.join()
assert seen == [0, 1], seen
"""


def test_a_script_can_pause_at_its_lines_too(tmp_path):
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    assert explore(Script(path), bound=1, random_schedules=0).kind == "ok"
    found = explore(Script(path, lines=True), bound=1, random_schedules=0)
    assert found.kind == "exception"
    assert any("go on" in line for line in found.story)


ALONE = """
import threading
def work():
    n = 0
    while n < LINES:
        n += 1
thread = threading.Thread(target=threading.Event().set)
thread.start()
thread.join()
work()
"""


def test_what_a_thread_computes_alone_is_no_livelock(tmp_path, monkeypatch):
    path = tmp_path / "alone.py"
    path.write_text(ALONE.replace("LINES", "4000"))
    how = {"bound": 1, "random_schedules": 2, "cap": 500}
    assert explore(Script(path, lines=True), **how).kind == "ok"
    path.write_text(ALONE.replace("LINES", "float('inf')"))
    monkeypatch.setattr("autograder.student.lab.schedule.execution.chooser.ALONE", 900)
    assert explore(Script(path, lines=True), **how).kind == "livelock"


def test_a_long_line_of_a_story_is_cut_between_words(tmp_path):
    path = tmp_path / "script.py"
    name = "a_lock_with_a_long_name"
    long = f"with {name} as {name}_taken: pass"
    path.write_text(f"import threading\n{name} = threading.Lock()\n{long}\n1 / 0\n")
    story = explore(Script(path)).story
    assert f"line 3    with {name} as ...  " in story[0]
