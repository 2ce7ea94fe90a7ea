"""The scripts of lesson 5: a process's threads, and a program with one mistake."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from autograder.student.lab.schedule import explore
from autograder.student.notebook.written import without_marks

LESSON = Path(__file__).parents[2] / "course" / "05-thread-pool"


@pytest.fixture
def inventory(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    # A spawned process imports the module by its name, along the same path.
    monkeypatch.syspath_prepend(str(LESSON))
    import inventory

    yield inventory
    del sys.modules["inventory"]


def test_lists_this_process_with_a_stack_for_each_thread(inventory: ModuleType) -> None:
    rows = {row.name: row for row in inventory.busy_process()}
    assert {"MainThread", "pool_0", "waiting", "counting"} <= rows.keys()
    assert rows["MainThread"].doing.startswith("threads, inventory.py:")
    assert rows["waiting"].doing.startswith("wait, threading.py:")
    assert all(row.depth >= 1 for row in rows.values())
    assert len({row.native_id for row in rows.values()}) == len(rows)
    assert threading.current_thread().native_id == rows["MainThread"].native_id


def test_leaves_no_thread_behind(inventory: ModuleType) -> None:
    before = threading.active_count()
    inventory.busy_process()
    assert threading.active_count() == before


def test_threads_share_all_but_what_is_their_own(inventory: ModuleType) -> None:
    seen = inventory.sharing(threading.Thread)
    assert [what for what, shared in seen.items() if not shared] == [
        "a local variable of a call",
        "threading.local",
    ]


def test_processes_share_only_what_was_mapped(inventory: ModuleType) -> None:
    ways = inventory.ways_to_start()
    assert "process (spawn)" in ways
    for name, start in ways.items():
        if name != "thread":
            seen = inventory.sharing(start)
            assert [what for what, shared in seen.items() if shared] == [
                "multiprocessing.Array"
            ], name


def test_compares_one_thread_with_many_threads_and_processes(
    inventory: ModuleType,
) -> None:
    spent = inventory.compare(inventory.spin, 1, times=2)
    assert list(spent)[:2] == ["one by one", "2 threads"]
    assert "processes" in list(spent)[2]


def test_prints_every_part_of_the_report(
    inventory: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    inventory.report(times=1, rounds=400, seconds=0.0)
    text = capsys.readouterr().out
    for part in ("waiting", "threading.local", "to start and to end it", "total += 1"):
        assert part in text


def test_the_story_names_lines_of_the_listing_and_of_the_students_file() -> None:
    chapter = (LESSON / "index.md").read_text(encoding="utf-8")
    source = (LESSON / "slow.py").read_text(encoding="utf-8")
    assert without_marks(source) == source  # a release moves no line
    assert f'linenums="1"\n--8<-- "course/{LESSON.name}/slow.py"\n' in chapter
    found = explore(source)
    assert (found.kind, found.preemptions) == ("exception", 2)


def test_one_word_mends_the_mistake() -> None:
    source = (LESSON / "slow.py").read_text(encoding="utf-8")
    mended = source.replace("if not jobs", "while not jobs")
    assert mended != source
    found = explore(mended, spurious=True, random_schedules=200)
    assert (found.kind, found.complete) == ("ok", True)


def test_the_chapters_whole_class_fails_under_no_schedule() -> None:
    source = (LESSON / "account.py").read_text(encoding="utf-8")
    found = explore(source, spurious=True, random_schedules=200)
    assert (found.kind, found.complete) == ("ok", True)
