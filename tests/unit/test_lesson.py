"""Lesson folders: what is read, and how each broken contract is told."""

from __future__ import annotations

import ast

import pytest
from toy import write_course

from autograder.student.lesson import Course, find_course
from autograder.student.report import CourseError


@pytest.fixture
def lesson(tmp_path):
    return write_course(tmp_path)


def test_reads_the_contract_and_its_twin(lesson):
    assert [task.name for task in lesson.tasks] == ["mean", "Box"]
    assert lesson.task("Box").points == 5
    assert [path.name for path in lesson.hidden_tests()] == [
        "test_mean.py",
        "test_Box.py",
    ]
    assert lesson.hidden_tests({"Box"}) == [lesson.hidden_dir / "test_Box.py"]


def test_finds_lessons_by_number_name_and_part_of_a_name(lesson):
    course = Course(lesson.root)
    for name in ("0", "00", "00-toy", "toy", "course/00-toy/"):
        assert course.lesson(name).id == "00-toy"
    with pytest.raises(
        CourseError, match="'nothing' is not a lesson; lessons here: 00"
    ):
        course.lesson("nothing")


def test_a_number_alone_means_the_first_of_its_lessons():
    course = find_course()
    assert course.ids[:2] == ("00-start", "00-first-kernel")
    for name in ("0", "00", "start"):
        assert course.lesson(name).id == "00-start"
    for name in ("00-f", "first", "00-first-kernel"):
        assert course.lesson(name).id == "00-first-kernel"
    with pytest.raises(CourseError, match="'00-' fits several lessons"):
        course.lesson("00-")


def test_no_example_can_be_taken_for_a_submission():
    for lesson in find_course().lessons:
        tasks = {task.name for task in lesson.tasks}
        for path in lesson.course_dir.glob("*.py"):
            if path != lesson.exercise_path:
                body = ast.parse(path.read_text(encoding="utf-8")).body
                assert not tasks & {getattr(node, "name", "") for node in body}, path


def test_finds_the_course_from_any_folder_in_it(lesson, monkeypatch):
    deep = lesson.course_dir / "figures" / "deep"
    deep.mkdir(parents=True)
    assert find_course(deep).root == lesson.root
    monkeypatch.setenv("GRADIENTS_COURSE", str(lesson.root))
    assert find_course().root == lesson.root


def test_a_students_copy_has_no_twin(lesson):
    import shutil

    shutil.rmtree(lesson.root / "solutions")
    mine = Course(lesson.root).lesson("00")
    assert mine.twin_dir is None
    with pytest.raises(CourseError, match="has no solutions"):
        mine.hidden_tests()


def _files(lesson):
    folders = (lesson.course_dir, lesson.twin_dir)
    return sorted(p for folder in folders for p in folder.rglob("*") if p.is_file())


def test_the_digest_changes_with_each_byte_that_grading_can_read(lesson):
    for name in ("hidden/data/table.json", "java/golden.bin"):
        path = lesson.twin_dir / name
        path.parent.mkdir(parents=True)
        path.write_bytes(b"data")
    course = Course(lesson.root)
    before = course.lesson("00").digest
    for path in _files(lesson):
        content = path.read_bytes()
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        if path.name != "lesson.toml":
            assert course.lesson("00").digest != before, path
        path.write_bytes(content)
    path = lesson.course_dir / "lesson.toml"
    path.write_text(path.read_text().replace("points = 10", "points = 11"))
    assert course.lesson("00").digest != before


def test_the_digest_leaves_out_what_no_grade_depends_on(lesson):
    course, before = Course(lesson.root), lesson.digest
    for name in ("index.md", "hints.md", "figure.js", "trace.json", "figures/a.svg"):
        path = lesson.course_dir / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("changed")
    (lesson.twin_dir / "NOTES.md").write_text("changed")
    cache = lesson.twin_dir / "hidden" / "__pycache__"
    cache.mkdir(exist_ok=True)
    (cache / "test_mean.pyc").write_bytes(b"changed")
    assert course.lesson("00").digest == before


def test_a_task_rests_on_earlier_tasks_alone(lesson):
    path = lesson.course_dir / "lesson.toml"
    text = path.read_text()
    path.write_text(text.replace('"step-2"', '"step-2"\nrests_on = ["mean"]'))
    found = Course(lesson.root).lesson("00")
    assert found.supports(found.task("Box")) == ("mean",)
    path.write_text(text.replace('"step-1"', '"step-1"\nrests_on = ["Box"]'))
    with pytest.raises(CourseError, match="mean rests on 'Box', which is no earlier"):
        Course(lesson.root).lesson("00")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('title = "Toy"', "", "title is missing"),
        ("reading = 10", 'reading = "ten"', "reading must be a int"),
        ("points = 10", "points = true", "task mean: points must be a float"),
        ("seconds = 1", "seconds = 0", "points and seconds above 0"),
        ('name = "Box"', 'name = "mean"', "distinct names"),
        ('part = "Start here"', 'part = "Elsewhere"', "part must be one of"),
        ("reading = 10", "reading = ", "is not TOML"),
    ],
)
def test_names_file_and_key_of_a_broken_contract(lesson, old, new, said):
    path = lesson.course_dir / "lesson.toml"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(CourseError, match=said) as caught:
        Course(lesson.root).lesson("00")
    assert "lesson.toml" in str(caught.value)
