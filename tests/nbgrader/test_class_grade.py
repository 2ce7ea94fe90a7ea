"""``autograder class init`` and ``class grade`` in an nbgrader course folder."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import LESSON, MISTAKE, ODD, SITE, Class, Done, command

from autograder.classroom.class_run import grade_class
from autograder.classroom.folder import open_class

pytestmark = pytest.mark.jail


def test_init_releases_the_stub_and_keeps_a_second_run_harmless(
    graded: tuple[Class, Done],
) -> None:
    made, _ = graded
    released = (made.root / "release" / LESSON / f"{LESSON}.ipynb").read_text()
    assert "NotImplementedError" in released
    assert "SOLUTION" not in released
    before = (made.root / "autograder.toml").read_text()
    done = command("class", "init", str(made.root), "--lesson", LESSON)
    assert done.code == 0, done.err
    assert (made.root / "autograder.toml").read_text() == before
    assert "seed = 7" in before
    assert f'site = "{SITE}"' in before
    done = command("class", "init", str(made.root), "--site", "example.org")
    assert done.code == 2
    assert "not a website's address" in done.err


def test_every_hand_in_has_a_row_with_its_points(graded: tuple[Class, Done]) -> None:
    made, done = graded
    assert done.code == 1, done.err
    grades = made.grades()
    assert set(grades) >= {"right", "untouched", "wrong", "hostile", "stripped", *ODD}
    written = made.lesson.written
    assert written is not None
    for task in made.lesson.tasks:
        cell = f"grade-{task.name}"
        for student in ("right", "stripped", "O'Neil", "old"):
            assert grades[student][cell] == (task.points, False)
        for student in ("untouched", "broken"):
            assert grades[student][cell] == (0.0, False)
    for task in made.lesson.tasks:  # the mistake costs points in its task alone
        points, _ = grades["wrong"][f"grade-{task.name}"]
        assert points is not None
        assert (points < task.points) == (task.name == "normalise")
    assert MISTAKE in done.out


def test_an_answer_in_words_waits_for_a_person(graded: tuple[Class, Done]) -> None:
    made, _ = graded
    written = made.lesson.written
    assert written is not None
    grades = made.grades()
    assert grades["hostile"][written.name] == (None, True)
    assert grades["untouched"][written.name] == (0.0, False)


def test_what_a_person_graded_stays_and_another_run_changes_nothing(
    graded: tuple[Class, Done], tmp_path: Path
) -> None:
    import sqlite3

    made, _ = graded
    root = shutil.copytree(made.root, tmp_path / "class", symlinks=True)
    copied = Class(root, made.lesson, made.solved)
    connection = sqlite3.connect(root / "gradebook.db")
    with connection:
        connection.execute(
            "UPDATE grade SET manual_score = 1.5, needs_manual_grade = 0"
            " WHERE auto_score IS NULL"
        )
    connection.close()
    assert command("class", "report", str(root)).code == 0
    page = (root / "pages" / LESSON / "hostile.html").read_text()
    assert "Graded by a person: 1.5 of" in page
    before = copied.grades()
    files = _stamps(root)
    done = command("class", "grade", str(root))
    assert "8 unchanged" in done.err, done.err
    assert copied.grades() == before
    after = _stamps(root)
    # What pages show of a person's grades is new to them.
    assert {p: s for p, s in after.items() if "pages" not in Path(p).parts} == {
        p: s for p, s in files.items() if "pages" not in Path(p).parts
    }
    connection = sqlite3.connect(root / "gradebook.db")
    (count,) = connection.execute(
        "SELECT count(*) FROM grade WHERE manual_score = 1.5"
    ).fetchone()
    connection.close()
    assert count == 1


def _stamps(root: Path) -> dict[str, tuple[int, int]]:
    """Return every file of a class folder with its inode and time of writing.

    But for the lock, which names the last run.
    """
    files = [p for p in root.rglob("*") if p.is_file() and p.name != "lock"]
    return {str(p): (p.stat().st_ino, p.stat().st_mtime_ns) for p in files}


def test_an_answer_in_words_that_changed_is_marked_again(
    graded: tuple[Class, Done], tmp_path: Path
) -> None:
    import sqlite3

    made, _ = graded
    root = shutil.copytree(made.root, tmp_path / "class", symlinks=True)
    copied = Class(root, made.lesson, made.solved)
    connection = sqlite3.connect(root / "gradebook.db")
    with connection:
        connection.execute("UPDATE grade SET manual_score = 2, needs_manual_grade = 0")
    connection.close()
    written = made.lesson.written
    assert written is not None

    def answered(cell: dict[str, Any]) -> None:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == written.name:
            cell["source"] = "A better answer."

    copied.hand_in("right", copied.edited(answered))
    done = command("class", "grade", str(root))
    assert done.code == 1, done.err
    assert copied.grades()["right"][written.name] == (None, True)
    assert copied.grades()["hostile"][written.name] == (None, False)


def test_nothing_active_of_a_student_is_left_in_what_formgrader_opens(
    graded: tuple[Class, Done], stock: tuple[Class, Done]
) -> None:
    for made, _ in (graded, stock):
        text = json.dumps(made.autograded("hostile"))
        assert "<script" not in text
        assert "<img" not in text
        assert "](javascript:" not in text
        assert "application/javascript" not in text
        assert "text/html" not in text


def test_a_broken_file_is_told_in_words(graded: tuple[Class, Done]) -> None:
    made, done = graded
    assert "broken: the submission cannot be read" in done.out
    assert (made.root / "autograded" / "broken" / LESSON).is_dir()
    record = json.loads((made.root / "reports" / LESSON / "broken.json").read_text())
    assert record["submitted"] == "not a time"


def test_grading_writes_the_pages_and_reporting_changes_none(
    graded: tuple[Class, Done],
) -> None:
    made, done = graded
    pages = made.root / "pages"
    assert str(pages / "class.html") in done.out.replace("\n", "")
    assert "Ann Other" in (pages / "class.html").read_text()  # handed nothing in
    assert "O&#39;Neil" in (pages / "index.html").read_text()
    page = (pages / LESSON / "O'Neil.html").read_text()
    written = made.lesson.written
    assert written is not None
    assert f"/ {sum(t.points for t in made.lesson.tasks) + written.points:g}" in page
    wrong = (pages / LESSON / "wrong.html").read_text()
    assert f'href="{SITE}/{LESSON}/#step-2"' in wrong
    before = _stamps(pages)
    assert command("class", "report", str(made.root)).code == 0
    assert _stamps(pages) == before


def test_names_that_are_no_student_ids_are_left_out_and_said(
    graded: tuple[Class, Done],
) -> None:
    made, done = graded
    assert "a<b>" in done.err
    assert "link" in done.err
    assert not {"a<b>", "link"} & set(made.grades())


def test_report_similar_and_export_work_on_the_graded_class(
    graded: tuple[Class, Done], tmp_path: Path
) -> None:
    made, _ = graded
    root = str(made.root)
    done = command("class", "report", root)
    assert done.code == 0, done.err
    assert "normalise" in done.out
    done = command("class", "similar", root, "--json")
    assert done.code == 0, done.err
    (found,) = json.loads(done.out)
    assert found["lesson"] == LESSON
    alike = [group["students"] for group in found["groups"]]
    assert any("right" in students for students in alike)  # others handed in the same
    assert "word for word" in (made.root / "pages" / "similar.html").read_text()
    done = command("class", "report", root, "--json")
    (report,) = json.loads(done.out)
    kinds = {concern["kind"] for concern in report["concerns"]}
    assert {"alike", "unreadable"} <= kinds
    assert sum(band["students"] for band in report["bands"]) == report["submissions"]
    done = command("export", "canvas", root)
    rows = {r["SIS Login ID"]: r for r in csv.DictReader(io.StringIO(done.out))}
    assert rows["O'Neil"]["Student"] == 'O\'Neil, "Bob", Bob'
    assert float(rows["O'Neil"][LESSON]) == sum(t.points for t in made.lesson.tasks)
    assert rows["absent"][LESSON] == ""
    out = tmp_path / "gradescope"
    done = command("export", "gradescope", root, "--out", str(out))
    assert done.code == 0, done.err
    results = json.loads((out / LESSON / "right" / "results.json").read_text())
    assert results["score"] == sum(t.points for t in made.lesson.tasks)


def test_some_students_are_graded_and_nobody_else(
    graded: tuple[Class, Done], tmp_path: Path
) -> None:
    made, _ = graded
    root = shutil.copytree(made.root, tmp_path / "class", symlinks=True)
    copied = Class(root, made.lesson, made.solved)
    copied.hand_in("new", made.solved)
    copied.hand_in("other", made.solved)
    only = ("--student", "wrong", "--student", "new")
    done = command("class", "grade", str(root), *only, "--json")
    assert done.code == 1, done.err
    assert [report["points"] < 10 for report in json.loads(done.out)] == [False, True]
    assert "other" not in copied.grades()
    assert copied.grades()["new"]["grade-mean"] == (2.0, False)

    task = ("--lesson", LESSON, "--task", "mean", "--student")
    done = command("class", "grade", str(root), *task, "other")
    assert done.code == 0, done.err
    assert "other: handed in since the last run, and is left out" in done.err
    assert "other" not in copied.grades()


def test_a_hand_in_that_goes_meanwhile_costs_nobody_the_grade(
    graded: tuple[Class, Done], tmp_path: Path
) -> None:
    made, _ = graded
    root = shutil.copytree(made.root, tmp_path / "class", symlinks=True)
    copied = Class(root, made.lesson, made.solved)
    before = copied.grades()["right"]
    folder = open_class(root)
    hand_ins = folder.submitted().of(made.lesson, ("right", "wrong"))
    shutil.rmtree(root / "submitted" / "right")
    records = list(grade_class(folder, made.lesson, hand_ins, fresh=True, workers=1))
    assert [record.student for record in records] == ["wrong"]
    assert copied.grades()["right"] == before


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--student", "nobody"), "submitted/ holds nothing of 'nobody'"),
        (("--task", "mean"), "--task needs the lesson"),
        (("--lesson", LESSON, "--task", "mode"), "has no task 'mode'"),
    ],
)
def test_what_cannot_be_graded_again_is_told_in_one_line(
    graded: tuple[Class, Done], options: tuple[str, ...], told: str
) -> None:
    made, _ = graded
    done = command("class", "grade", str(made.root), *options)
    assert done.code == 2
    lines = [line for line in done.err.splitlines() if "left out" not in line]
    assert len(lines) == 1, done.err
    assert told in lines[0]


def test_several_lessons_are_released_at_once_and_others_are_told(
    tmp_path: Path,
) -> None:
    root = tmp_path / "class"
    words = ("--lesson", "00-start", "--lesson", "00-first-kernel")
    done = command("class", "init", str(root), *words)
    assert "2 lessons released" in done.out, done.err
    assert {p.name for p in (root / "release").iterdir()} == set(words[1::2])
    for lesson in ("01-gradients", "homework"):
        folder = root / "submitted" / "ada" / lesson
        folder.mkdir(parents=True)
        (folder / "exercise.py").write_text("x = 1\n")
    done = command("class", "grade", str(root))
    told = [line for line in done.err.splitlines() if "not released here" in line]
    assert len(told) == 1, done.err  # an assignment of their own is no lesson of ours
    assert told[0].startswith("01-gradients: 1 handed in")
    assert told[0].endswith(f"class init {root} --lesson 01-gradients")
