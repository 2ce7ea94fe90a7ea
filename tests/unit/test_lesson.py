"""Lesson folders: what is read, and how each broken contract is told."""

from __future__ import annotations

import pytest
from toy import write_course

from autograder.student.lesson import Course, find_course, read_mutant
from autograder.student.report import CourseError


@pytest.fixture
def lesson(tmp_path):
    return write_course(tmp_path)


def test_reads_the_contract_and_its_twin(lesson):
    assert [task.name for task in lesson.tasks] == ["mean", "Box"]
    assert lesson.task("Box").points == 5
    assert [mutant.name for mutant in lesson.mutants()] == ["off_by_one", "sum_only"]
    assert lesson.mutants()[0].summary == "The sum is divided by n - 1."
    assert lesson.hidden_tests.is_file()


def test_finds_lessons_by_number_name_and_part_of_a_name(lesson):
    course = Course(lesson.root)
    for name in ("0", "00", "00-toy", "toy", "course/00-toy/"):
        assert course.lesson(name).id == "00-toy"
    with pytest.raises(
        CourseError, match="'nothing' is not a lesson; lessons here: 00"
    ):
        course.lesson("nothing")


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
        _ = mine.hidden_tests


def test_the_digest_changes_with_whatever_decides_a_grade(lesson):
    course, before = Course(lesson.root), lesson.digest
    with lesson.hidden_tests.open("a") as file:
        file.write("# changed\n")
    assert course.lesson("00").digest != before


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('title = "Toy"', "", "title is missing"),
        ("minutes = 10", 'minutes = "ten"', "minutes must be a int"),
        ("points = 10", "points = true", "task mean: points must be a float"),
        ("seconds = 1", "seconds = 0", "points and seconds above 0"),
        ('name = "Box"', 'name = "mean"', "distinct names"),
        ('part = "Start here"', 'part = "Elsewhere"', "part must be one of"),
        ("minutes = 10", "minutes = ", "is not TOML"),
    ],
)
def test_names_file_and_key_of_a_broken_contract(lesson, old, new, said):
    path = lesson.course_dir / "lesson.toml"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(CourseError, match=said) as caught:
        Course(lesson.root).lesson("00")
    assert "lesson.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\n", "the docstring needs"),
        ('"""A mistake.\n\ntask: mean\n"""\n', "the docstring needs"),
        ("def f(:\n", "invalid syntax"),
    ],
)
def test_names_a_broken_mutant(tmp_path, text, said):
    path = tmp_path / "broken.py"
    path.write_text(text)
    with pytest.raises(CourseError, match=said) as caught:
        read_mutant(path)
    assert "broken.py" in str(caught.value)
