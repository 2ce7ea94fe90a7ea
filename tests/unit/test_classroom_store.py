"""The store: what it keeps, what it refuses to keep, what it does with damage."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from classroom_kit import make_report, make_task
from toy import write_course

from autograder.classroom.files import write_atomically
from autograder.classroom.parallel import grade_many
from autograder.classroom.store import Store
from autograder.grading.versions import source_digest, versions
from autograder.student.lesson import Course
from autograder.student.notebook.submission import Submission
from autograder.student.report import Verdict

LESSON = "1" * 64
SUBMISSION = Submission("slopes.ipynb", "2" * 64)


def test_gives_back_what_was_put(tmp_path: Path) -> None:
    store, report = Store(tmp_path), make_report()
    store.put(report)
    assert store.get(LESSON, SUBMISSION, 7) == report


def test_a_report_with_more_notes_than_it_holds_is_found(tmp_path: Path) -> None:
    notes = tuple(f"cell {number}: a magic was left out" for number in range(1000))
    submission = replace(SUBMISSION, notes=(*notes, "x" * 10**5))
    store, report = Store(tmp_path), make_report(notes=submission.notes)
    store.put(report)
    assert store.get(LESSON, submission, 7) == report
    assert len(report.to_json()) < 20_000


@pytest.mark.parametrize(
    ("lesson", "submission", "seed"),
    [
        ("3" * 64, SUBMISSION, 7),
        (LESSON, replace(SUBMISSION, digest="3" * 64), 7),
        (LESSON, SUBMISSION, 8),
        # The same bytes, but messages would quote another student's file or folder.
        (LESSON, replace(SUBMISSION, name="other.ipynb"), 7),
        (LESSON, replace(SUBMISSION, notes=("The folder holds 2 files.",)), 7),
    ],
)
def test_any_other_key_is_unknown(
    tmp_path: Path, lesson: str, submission: Submission, seed: int
) -> None:
    store = Store(tmp_path)
    store.put(make_report())
    assert store.get(lesson, submission, seed) is None


def test_digests_with_a_common_start_do_not_mix(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put(make_report())
    assert store.get("1" * 16 + "9" * 48, SUBMISSION, 7) is None


def test_our_own_failures_are_not_kept(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put(make_report(make_task("double", Verdict.INFRA)))
    assert not list(tmp_path.rglob("*.json"))


@pytest.mark.parametrize("damage", [b"", b"{", b'{"schema": 1}', b"\xff\xfe", b"[]"])
def test_a_damaged_file_counts_as_absent(tmp_path: Path, damage: bytes) -> None:
    store = Store(tmp_path)
    store.put(make_report())
    (path,) = tmp_path.rglob("*.json")
    path.write_bytes(damage)
    assert store.get(LESSON, SUBMISSION, 7) is None


def test_a_failed_write_leaves_the_old_file_and_no_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    write_atomically(path, "old")
    monkeypatch.setattr(Path, "replace", lambda self, target: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_atomically(path, "new")
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert path.read_text() == "old"


def test_a_report_of_another_grader_counts_as_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)
    store.put(make_report())
    for name in versions():
        other = dict(versions()) | {name: "another"}
        monkeypatch.setattr("autograder.classroom.store.versions", lambda o=other: o)
        assert store.get(LESSON, SUBMISSION, 7) is None, name


def test_the_graders_digest_is_of_its_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "autograder"
    for part in ("student", "lab", "sandbox", "grading", "demo"):
        (package / part).mkdir(parents=True)
        (package / part / "module.py").write_text("1\n")
    monkeypatch.setattr("autograder.grading.versions._PACKAGE", package)
    before = source_digest()
    (package / "demo" / "module.py").write_text("2\n")  # takes no part in a verdict
    assert source_digest() == before
    for part in ("student", "lab", "sandbox", "grading"):
        (package / part / "module.py").write_text("2\n")
        assert source_digest() != before, part
        (package / part / "module.py").write_text("1\n")
    assert source_digest() == before


@pytest.mark.jail
def test_a_class_run_grades_again_only_what_a_grade_depends_on(tmp_path: Path) -> None:
    lesson = write_course(tmp_path)
    data = lesson.hidden_dir / "numbers.json"
    data.write_text("[1, 2]")
    store = Store(tmp_path / "store")
    right = lesson.reference_path.read_text("utf-8")
    work = Submission.from_sources("exercise.py", [("cell 1", right)])

    def graded() -> bool:
        """Whether a class run graded, or took what it knew."""
        events: list[str] = []
        fresh = Course(lesson.root).lesson("00")
        ((_, report),) = grade_many(
            fresh,
            [("ada", work)],
            workers=1,
            store=store,
            watch=lambda event, key: events.append(event),
        )
        assert report.points == report.max_points
        return "kept" not in events

    assert graded()
    assert not graded()
    (lesson.course_dir / "index.md").write_text("# Another chapter\n")
    (lesson.twin_dir / "NOTES.md").write_text("Other notes.\n")
    assert not graded()
    data.write_text("[1, 3]")
    assert graded()
    common = lesson.hidden_dir / "common.py"
    common.write_text(common.read_text() + "\n")
    assert graded()
    assert not graded()
