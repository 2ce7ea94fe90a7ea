"""Known mistakes in a student's own check: named rightly or not at all, and no leak."""

from __future__ import annotations

import shutil
import textwrap
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from plain_values import anything
from toy import write_course

from autograder.audit.public import audit_public, public_problems
from autograder.audit.result import PublicAudit, public_test_problems
from autograder.commands.students_copy import write_copy
from autograder.grading.mutants import lesson_mutants
from autograder.grading.public_bank import mistakes_file, public_outcomes
from autograder.student import codec
from autograder.student.checking import CheckResult, check_submission
from autograder.student.lesson import Course, Lesson, find_course
from autograder.student.notebook.reader import read_data
from autograder.student.notebook.submission import Submission
from autograder.student.report import Verdict
from autograder.student.testing.answers import Answers, alike, condense
from autograder.student.testing.failure import Failure
from autograder.student.testing.local import LocalSource, run_local
from autograder.student.testing.mistakes import FILE, known_to, unpack

REAL = find_course(Path(__file__))
TESTS = """
import numpy as np
import pytest
from autograder.student.testing import check

@pytest.mark.task("mean")
def test_mean(student):
    for x in ([1.0, 2.0, 6.0], [5.0]):
        check.close(student.mean(np.array(x)), sum(x) / len(x), rtol=1e-9, where="mean")

@pytest.mark.task("Box")
def test_box(student):
    check.equal(student.Box(3).get(), 3, where="what a box holds")
"""
BOX = """
class Box:
    def __init__(self, value):
        self.value = value
    def get(self):
        return self.value
"""


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    lesson = write_course(tmp_path)
    lesson.public_tests.write_text(textwrap.dedent(TESTS), encoding="utf-8")
    return lesson


def checked(lesson: Lesson, mean: str) -> CheckResult:
    source = f"import numpy as np\ndef mean(x):\n    {mean}\n{BOX}"
    return check_submission(lesson, read_data("hw.py", source.encode(), lesson))


def released(lesson: Lesson, folder: Path) -> Lesson:
    """Return the lesson as a student has it: without its twin."""
    mine = folder / "course" / lesson.id
    shutil.copytree(lesson.course_dir, mine)
    (mine / FILE).write_bytes(mistakes_file(lesson))
    return Course(folder).lesson(lesson.id)


def test_a_known_mistake_is_named_beneath_its_message(
    lesson: Lesson, tmp_path: Path
) -> None:
    theirs = released(lesson, tmp_path / "theirs")
    told = str(checked(theirs, "return float(sum(x)) * (1 + 1e-13)"))
    assert "mean: wrong (0 of 1 public tests)" in told
    assert "\n  Looks like: The sum is never divided. Chapter, step 1." in told


def test_the_instructors_copy_names_it_once_the_file_is_kept(lesson: Lesson) -> None:
    assert "Looks like" not in str(checked(lesson, "return float(sum(x))"))
    mistakes_file(lesson)
    assert "Looks like" in str(checked(lesson, "return float(sum(x))"))


def test_no_name_for_what_is_right_or_unknown(lesson: Lesson) -> None:
    mistakes_file(lesson)
    assert checked(lesson, "return float(sum(x) / len(x))").passed
    for wrong in ("return 2.0", "return None", "raise KeyError", "return float(x[0])"):
        assert "Looks like" not in str(checked(lesson, wrong))


def test_no_name_where_two_mistakes_answer_the_same(lesson: Lesson) -> None:
    bank = lesson.reference_path.parent / "mutants" / "mean.toml"
    text = bank.read_text(encoding="utf-8")
    twin = text[text.index('[[mutant]]\nname = "sum-only"') :]
    bank.write_text(text + "\n" + twin.replace("sum-only", "sum-alone"))
    mistakes_file(lesson)
    assert "Looks like" not in str(checked(lesson, "return float(sum(x))"))


def test_a_file_of_other_tests_or_a_damaged_one_names_nothing(lesson: Lesson) -> None:
    file = mistakes_file(lesson)
    assert unpack(lesson, file)
    for bad in (b"", file[:-9], file[9:], zlib.compress(b"\x01"), b"\x00" * 99):
        assert unpack(lesson, bad) == []
    lesson.public_tests.write_text(TESTS + "# changed\n", encoding="utf-8")
    assert unpack(lesson, file) == []


def test_a_mistake_that_ends_its_process_does_not_end_the_others(
    lesson: Lesson,
) -> None:
    bank = lesson.reference_path.parent / "mutants" / "mean.toml"
    bank.write_text(
        bank.read_text()
        .replace('put = "/ max(len(x) - 1, 1))"', "put = END")
        .replace("END", "'/ __import__(\"os\")._exit(3))'")
    )
    mutants = lesson_mutants(lesson)
    found = {m.name: [o.result.verdict for o in got] for m, got in _all(lesson)}
    assert found == {"off-by-one": [Verdict.TIMEOUT], "sum-only": [Verdict.WRONG]}
    assert [m.name for m in mutants] == list(found)


def _all(lesson: Lesson) -> Iterator[Any]:
    return public_outcomes(lesson, lesson_mutants(lesson))


def test_the_file_holds_no_text_but_what_students_may_read(lesson: Lesson) -> None:
    for one in (lesson, REAL.lesson("00-start")):
        bank = lesson_mutants(one)
        public = {word for m in bank for word in (m.name, m.task, f"{m.says} {m.look}")}
        public |= {str(verdict) for verdict in Verdict}
        public |= {test for m in unpack(one, mistakes_file(one)) for test in m.answers}
        data = zlib.decompress(mistakes_file(one))
        _, entries, mistakes = codec.loads(data)
        values = [codec.loads(entry) for entry in entries]
        texts = {item for item in _walk([values, mistakes]) if isinstance(item, str)}
        assert texts - {"list", "tuple"} <= public
        assert all(len(i) == 6 for i in _walk(values) if isinstance(i, bytes))


def _walk(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _walk(item)
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _walk(key)
            yield from _walk(item)


def test_the_file_does_not_depend_on_what_is_hidden_beside_the_bank(
    lesson: Lesson,
) -> None:
    with_tests = mistakes_file(lesson)
    shutil.rmtree(lesson.hidden_dir)
    shutil.rmtree(lesson.root / "build")
    assert mistakes_file(lesson) == with_tests


def test_making_the_file_tells_how_far_it_is(lesson: Lesson) -> None:
    told: list[tuple[int, int]] = []
    mistakes_file(lesson, lambda *count: told.append(count))
    total = len(lesson_mutants(lesson))
    assert told == [(done, total) for done in range(total + 1)]
    mistakes_file(lesson, lambda *count: told.append(count))  # it is kept
    assert len(told) == total + 1


def test_a_release_carries_the_file_and_a_student_reads_it(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for name in ("pyproject.toml", "course/00-start", "solutions/00-start"):
        target = ours / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (REAL.root / name).is_dir():
            shutil.copytree(REAL.root / name, target)
        else:
            shutil.copyfile(REAL.root / name, target)
    written = write_copy(Course(ours), theirs).files
    assert f"course/00-start/{FILE}" in written
    bank = lesson_mutants(Course(ours).lesson("00-start"))
    known = known_to(Course(theirs).lesson("00-start"))
    assert {mistake.name for mistake in known} <= {mutant.name for mutant in bank}
    assert len(known) > len(bank) / 2


@given(anything)
def test_what_is_alike_stays_alike_when_condensed(value: Any) -> None:
    assert alike(condense(value), condense(value))


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.complex128])
def test_long_answers_are_told_apart_by_little_and_forgive_rounding(kind: Any) -> None:
    array = (np.random.default_rng(0).normal(size=(50, 40)) + 3).astype(kind)
    eps = float(np.finfo(kind).eps)
    other = array.copy()
    other[7, 7] += 5
    assert len(codec.dumps(condense(array))) < 300
    assert alike(condense(array * (1 + 2 * eps)), condense(array))
    assert not alike(condense(other), condense(array))
    assert not alike(condense(array.T), condense(array))
    assert not alike(condense(array.tolist()), condense(array.T.tolist()))


def test_the_audit_counts_what_public_tests_catch(lesson: Lesson) -> None:
    found = {one.name: one for one in audit_public(lesson)}
    assert found["sum-only"].is_caught
    assert found["sum-only"].is_named
    assert list(public_test_problems(list(found.values()))) == []
    lesson.public_tests.write_text(
        TESTS.replace("[1.0, 2.0, 6.0], [5.0]", "[5.0],"), encoding="utf-8"
    )
    (problem, _) = public_test_problems(audit_public(lesson))
    assert problem == (
        "test_public.py: catches 0% of idea mistakes, fewer than 90%; it misses 2,"
        " among them mean: off-by-one, mean: sum-only"
    )


def test_the_audit_tells_wrong_names() -> None:
    good = [PublicAudit(f"m{i}", "f", "idea", True, (f"m{i}",)) for i in range(18)]
    bad = replace(good[0], name="odd")
    assert list(public_test_problems([*good, replace(bad, names=())])) == []
    assert list(public_test_problems([*good, bad, bad])) == [
        "test_public.py: 90% of the names that check gives are right, fewer than 95%;"
        " it takes odd for m0"
    ]


def test_right_solutions_pass_the_public_tests(lesson: Lesson) -> None:
    assert list(public_problems(lesson)) == []
    text = TESTS.replace("sum(x) / len(x)", "sum(x)")
    lesson.public_tests.write_text(text, encoding="utf-8")
    (problem,) = public_problems(lesson)
    assert problem.startswith("test_public.py: the reference fails in mean: mean / ")


def test_public_tests_hold_for_draws_with_few_digits(lesson: Lesson) -> None:
    drawing = """

@pytest.mark.task("mean")
def test_mean_of_draws(student, rng):
    x = rng.uniform(0.1, 0.4, 3)
    want = np.mean(x) if np.all(x) else 1.0
    check.close(student.mean(x), want, atol=1e-9, where="mean of draws")
"""
    lesson.public_tests.write_text(TESTS + drawing, encoding="utf-8")
    (problem,) = public_problems(lesson)
    assert "the reference fails in mean, draws rounded to 1: " in problem
    alone = drawing.replace('"mean")', '"mean", few_digits=False)')
    lesson.public_tests.write_text(TESTS + alone, encoding="utf-8")
    assert list(public_problems(lesson)) == []


def test_what_a_solution_calls_its_kernels_is_no_part_of_a_mistake() -> None:
    lesson = REAL.lesson("09-flash-attention")
    name, task = "backward-kernel-default-scale", "flash_backward_kernel"
    (mutant,) = (m for m in lesson_mutants(lesson) if m.name == name)
    text = lesson.reference_path.read_text(encoding="utf-8")
    sources = [
        LocalSource.load(Submission.from_sources("s", mutant.cells(source)).cells)
        for source in (text, text.replace("queries_kernel", "kernel_of_dq"))
    ]
    tests = [lesson.public_tests]
    runs = run_local(lesson, tests, sources, wanted=lambda _, of: of == task)
    one, other = (Failure.of(outcomes, Answers.condensed) for outcomes in runs)
    assert one.tells
    assert one.explained_by(other.answers.__getitem__)
