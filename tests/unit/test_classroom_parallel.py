"""The pool: order, memory, workers that die or hang, and runs that stop half way."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import fake_worker
import pytest
from classroom_kit import make_lesson

from autograder.classroom import worker_pool
from autograder.classroom.parallel import grade_many
from autograder.classroom.store import Store
from autograder.student.lesson import Lesson, find_course
from autograder.student.notebook.reader import read_submission
from autograder.student.notebook.submission import Submission
from autograder.student.report import CourseError, InfrastructureError, Verdict


@pytest.fixture
def lesson(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lesson:
    """A lesson whose workers are the fake ones."""
    monkeypatch.setattr(worker_pool, "_COMMAND", fake_worker.COMMAND)
    lesson = make_lesson(tmp_path)
    # The fake worker's reports carry this digest.
    vars(lesson)["digest"] = "1" * 64
    return lesson


def _named(*names: str) -> Iterator[tuple[str, Submission]]:
    for number, name in enumerate(names):
        yield name, Submission(name, f"{number:064d}")


def test_every_submission_comes_back_under_its_key(lesson: Lesson) -> None:
    names = [f"s{n}" for n in range(12)]
    reports = dict(grade_many(lesson, _named(*names), workers=3, seed=5))
    assert {key: report.name for key, report in reports.items()} == {
        n: n for n in names
    }
    assert {report.seed for report in reports.values()} == {5}


def test_nothing_to_grade_starts_no_worker(lesson: Lesson) -> None:
    assert list(grade_many(lesson, [])) == []


def test_submissions_are_pulled_only_as_workers_fall_idle(lesson: Lesson) -> None:
    pulled: list[str] = []

    def endless() -> Iterator[tuple[str, Submission]]:
        while True:
            pulled.append("")
            yield "s", Submission("s", "0" * 64)

    run = grade_many(lesson, endless(), workers=2)
    for _ in range(3):
        next(run)
    run.close()
    # Besides the three, each worker may have a report that waits, and one in work.
    assert len(pulled) <= 3 + 2 * 2


def test_a_dead_worker_is_replaced_and_its_submission_tried_again(
    lesson: Lesson,
) -> None:
    events: list[tuple[str, object]] = []
    reports = dict(
        grade_many(
            lesson,
            _named("a", "kills-once", "b"),
            workers=1,
            watch=lambda event, key: events.append((event, key)),
        )
    )
    assert reports["kills-once"].verdict is Verdict.WRONG  # what the fake reports
    assert ("retry", "kills-once") in events
    assert set(reports) == {"a", "kills-once", "b"}


def test_what_kills_two_workers_is_our_failure_and_stops_no_one_else(
    lesson: Lesson,
) -> None:
    names = ["a", "kills", "b", "c"]
    reports = dict(grade_many(lesson, _named(*names), workers=2))
    assert reports["kills"].verdict is Verdict.INFRA
    assert "not your fault" in str(reports["kills"].tasks[0].message)
    assert all(reports[n].verdict is Verdict.WRONG for n in ("a", "b", "c"))


@pytest.mark.parametrize(
    ("name", "verdict", "reason"),
    [
        ("has no memory left", Verdict.MEMORY, "more memory than the grader has"),
        ("computes for ever", Verdict.TIMEOUT, "ten minutes to judge"),
        ("breaks the stack", Verdict.CRASH, "ended the grader, twice"),
    ],
)
def test_what_takes_a_worker_over_its_limits_is_the_submission_s_own_verdict(
    lesson: Lesson, tmp_path: Path, name: str, verdict: Verdict, reason: str
) -> None:
    store, events = Store(tmp_path / "store"), []
    run = grade_many(
        lesson,
        _named("a", name, "b"),
        workers=1,
        store=store,
        watch=lambda event, key: events.append((event, key)),
    )
    reports = dict(run)
    assert {task.verdict for task in reports[name].tasks} == {verdict}
    assert reports[name].points == 0
    assert reason in str(reports[name].tasks[0].message)
    assert ("retry", name) in events or verdict is not Verdict.CRASH
    assert ("retry", name) not in events or verdict is Verdict.CRASH
    assert reports["b"].verdict is Verdict.WRONG  # what the fake reports
    # It is kept, so that the next run does not pay for it again.
    ((_, submission),) = [pair for pair in _named("a", name) if pair[0] == name]
    assert store.get(lesson.digest, submission, 0) == reports[name]


def test_a_hanging_worker_is_ended(
    lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_pool, "PATIENCE_S", 1.5)
    reports = dict(grade_many(lesson, _named("hangs", "a"), workers=2))
    assert reports["hangs"].verdict is Verdict.INFRA
    assert reports["a"].verdict is Verdict.WRONG


#: A real worker that takes itself for worn after every submission.
WORN = (
    sys.executable,
    "-c",
    f"import sys; sys.path[:] = {sys.path!r}\n"
    "from autograder.classroom import worker; worker.WORN_BYTES = -1; worker.main()",
)


@pytest.mark.jail
def test_who_has_grown_much_grades_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []

    class Counted(worker_pool._Worker):
        def __init__(self, *words: object) -> None:
            super().__init__(*words)  # type: ignore[arg-type]
            started.append(self.process.pid)

    monkeypatch.setattr(worker_pool, "_COMMAND", WORN)
    monkeypatch.setattr(worker_pool, "_Worker", Counted)
    lesson = find_course(Path(__file__)).lesson("00-start")
    right = read_submission(lesson.reference_path, lesson)
    events: list[str] = []
    graded = grade_many(
        lesson,
        [(name, right) for name in "abc"],
        workers=1,
        watch=lambda event, key: events.append(event),
    )
    assert {key: report.points for key, report in graded} == dict.fromkeys("abc", 10.0)
    assert len(set(started)) == 3
    assert set(events) == {"start", "done"}


def test_workers_that_never_start_stop_the_run_with_their_last_words(
    lesson: Lesson,
) -> None:
    with pytest.raises(InfrastructureError, match="no jail starts here"):
        list(grade_many(lesson, _named("a", "b", "c", "d"), workers=2, seed=13))


def test_a_broken_lesson_stops_the_run_with_its_reason(lesson: Lesson) -> None:
    with pytest.raises(CourseError, match=r"test_mean\.py is broken"):
        list(grade_many(lesson, _named("a", "b"), workers=1, seed=14))


def test_refuses_a_pool_without_workers(lesson: Lesson) -> None:
    with pytest.raises(CourseError, match="at least 1"):
        list(grade_many(lesson, _named("a"), workers=-1))


def test_a_stopped_run_goes_on_where_it_was(lesson: Lesson, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    names = ["a", "b", "c", "d"]
    run = grade_many(lesson, _named(*names), workers=1, store=store)
    first = [next(run), next(run)]
    run.close()
    events: list[tuple[str, object]] = []
    rest = dict(
        grade_many(
            lesson,
            _named(*names),
            workers=1,
            store=store,
            watch=lambda event, key: events.append((event, key)),
        )
    )
    kept = {key for event, key in events if event == "kept"}
    assert kept >= {key for key, _ in first}
    assert set(rest) == set(names)
    again: list[str] = []
    fresh = grade_many(
        lesson,
        _named(*names),
        workers=1,
        store=store,
        fresh=True,
        watch=lambda event, key: again.append(event),
    )
    assert len(list(fresh)) == 4
    assert "kept" not in again
