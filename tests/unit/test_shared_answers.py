"""Answers that processes share: kept between runs, claimed by one, lost by none."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from classroom_kit import make_lesson

from autograder.classroom.user_cache import user_cache
from autograder.grading.shared_answers import SharedAnswers
from autograder.student.lesson import Lesson
from autograder.student.testing.answers import Answers

CLAIM = """
import sys
from pathlib import Path
from autograder.grading.shared_answers import SharedAnswers
from autograder.student.lesson import read_lesson
shared = SharedAnswers(Path(sys.argv[1]), read_lesson(Path(sys.argv[2]), None), 0)
with shared.claim("mutant.test") as is_ours:
    print(is_ours, flush=True)
    sys.stdin.read()
"""
ANSWERS = Answers("wrong", [["f", [1, 2.5, (3,)]], ["g", np.arange(3.0)]])


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    return make_lesson(tmp_path)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "answers"


@pytest.fixture
def shared(cache: Path, lesson: Lesson) -> Iterator[SharedAnswers]:
    made = SharedAnswers(cache, lesson, 0)
    yield made
    made.close()


def _who_claims(cache: Path, lesson: Lesson) -> subprocess.Popen[str]:
    """Start a process that holds the claim until it is told or made to end."""
    command = [sys.executable, "-c", CLAIM, str(cache), str(lesson.course_dir)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)


def test_the_next_run_finds_what_this_one_kept(
    cache: Path, lesson: Lesson, shared: SharedAnswers
) -> None:
    shared.put("mutant.test", ANSWERS)
    later = SharedAnswers(cache, lesson, 0)
    found = later.get("mutant.test")
    later.close()
    assert found is not None
    assert found.same_as(ANSWERS)


def test_another_seed_has_answers_of_its_own(
    cache: Path, lesson: Lesson, shared: SharedAnswers
) -> None:
    shared.put("mutant.test", ANSWERS)
    other = SharedAnswers(cache, lesson, 1)
    assert other.get("mutant.test") is None
    other.close()


def test_a_damaged_file_holds_no_answers(cache: Path, shared: SharedAnswers) -> None:
    shared.put("mutant.test", ANSWERS)
    (path,) = cache.glob("*/mutant.test")
    for data in (b"", b"\x93\x01\x02\x03", b"\xc1", path.read_bytes()[:-4]):
        path.write_bytes(data)
        assert shared.get("mutant.test") is None


def test_one_process_computes_and_its_death_frees_the_claim(
    cache: Path, lesson: Lesson, shared: SharedAnswers
) -> None:
    with _who_claims(cache, lesson) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        with shared.claim("mutant.test") as is_ours:
            assert not is_ours
        with shared.claim("mutant.other") as is_ours:
            assert is_ours
        holder.kill()
        holder.wait()
        with shared.claim("mutant.test") as is_ours:
            assert is_ours


def test_folders_that_nobody_opens_any_more_are_deleted(
    cache: Path, lesson: Lesson
) -> None:
    for seed in range(12):
        SharedAnswers(cache, lesson, seed).close()
    assert len(list(cache.iterdir())) == 8
    (cache / "01-other-lesson").mkdir()
    SharedAnswers(cache, lesson, 12).close()
    assert len(list(cache.iterdir())) == 9


def test_no_cache_where_there_is_no_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file" / "cache"))
    (tmp_path / "file").write_text("no folder")
    assert user_cache("answers") is None


def test_a_relative_cache_is_not_looked_for_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "cache")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert user_cache("answers") == tmp_path / ".cache/gradients-to-kernels/answers"
