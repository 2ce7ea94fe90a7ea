"""Grading on a Dask cluster: real schedulers and workers, which the tests kill."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import fake_worker
import pytest
from classroom_kit import make_lesson

from autograder.classroom import scheduler
from autograder.classroom.parallel import grade_many
from autograder.classroom.remote import pack
from autograder.demo import broken, hostile
from autograder.demo.kit import Kit
from autograder.grading.mutants import lesson_mutants
from autograder.scale.cluster import LocalCluster, local_cluster
from autograder.student.lesson import Lesson, find_course
from autograder.student.notebook.reader import read_submission
from autograder.student.notebook.submission import Submission
from autograder.student.report import InfrastructureError, Verdict

# Dask's own threads and sockets may outlive a client by a moment.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """These schedulers answer, however slow the machine is."""
    monkeypatch.setattr(scheduler, "CONNECT_S", 120)


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[LocalCluster]:
    """A cluster of one worker with two threads, in which the fake grader runs."""
    # Dask imports a preload in its worker: there the fake grader takes the real one's
    # place, as the tests of the pool do in their own process.
    preload = tmp_path / "use_fake.py"
    preload.write_text(
        "from autograder.classroom import worker_pool\n"
        f"worker_pool._COMMAND = {fake_worker.COMMAND!r}\n"
    )
    with local_cluster(tmp_path, "--preload", str(preload), threads=2) as made:
        yield made


def _named(*names: str) -> list[tuple[str, Submission]]:
    return [(n, Submission(n, f"{i:064d}")) for i, n in enumerate(names)]


def test_a_cluster_grades_and_survives_what_kills_its_workers(
    tmp_path: Path, fake: LocalCluster
) -> None:
    lesson = make_lesson(tmp_path)
    names = ["a", "b", "kills", "kills-once", "c", "d", "e"]
    place = fake.address.removeprefix("tcp://")
    reports = dict(grade_many(lesson, _named(*names), scheduler=place, seed=3))
    assert set(reports) == set(names)
    assert reports["kills"].verdict is Verdict.INFRA
    assert {reports[n].verdict for n in names if n != "kills"} == {Verdict.WRONG}
    assert {report.seed for report in reports.values()} == {3}


def test_a_machine_that_cannot_grade_is_named(
    tmp_path: Path, fake: LocalCluster
) -> None:
    lesson = make_lesson(tmp_path)
    # Four, so that one of two threads has two: they fail three times in a row.
    names = _named("a", "b", "c", "d")
    with pytest.raises(InfrastructureError, match=r"^\S+: no worker .* no jail starts"):
        list(grade_many(lesson, names, scheduler=fake.address, seed=13))


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (lambda made: made.workers[0].kill(), "has had no workers for 1 s"),
        (lambda made: made.scheduler.kill(), "is gone"),
    ],
    ids=["its workers", "its scheduler"],
)
def test_a_run_that_loses_its_cluster_ends_with_one_sentence(
    tmp_path: Path,
    fake: LocalCluster,
    monkeypatch: pytest.MonkeyPatch,
    end: Callable[[LocalCluster], None],
    told: str,
) -> None:
    monkeypatch.setattr(scheduler, "ALONE_S", 1.0)
    monkeypatch.setattr(scheduler, "LOOK_S", 0.2)
    submissions = _named("a", "hangs")  # one for each thread: both begin at once
    run = grade_many(make_lesson(tmp_path), submissions, scheduler=fake.address)
    assert next(run)[0] == "a"
    end(fake)
    with pytest.raises(InfrastructureError, match=f"{told}$"):
        list(run)
    fake.workers[0].kill()  # without a scheduler it does not end when it is asked to


def _class(folder: Path, lesson: Lesson) -> Iterator[tuple[str, Submission]]:
    """Yield right, wrong, broken and hostile submissions, as read from their files."""
    kit = Kit(lesson)
    first = lesson.tasks[0].name
    mutants = [mutant for mutant in lesson_mutants(lesson) if mutant.edits]
    files = {
        "right": broken.second_download(kit),
        "half": broken.python_only(kit) | {"exercise.py": kit.partial(1).encode()},
        "stub": {"exercise.py": kit.stub.encode()},
        "wrong": {"exercise.ipynb": kit.ipynb(kit.with_mutant(mutants[0]))},
        "damaged": broken.syntax_error(kit),
        "cut": broken.truncated(kit),
    }
    for what in ("leaves the process", "forges the grader's output"):
        code = kit.overridden(hostile.definition(first, what))
        files[what] = {"exercise.py": code.encode()}
    for student, handed_in in files.items():
        place = folder / student
        place.mkdir(parents=True)
        for name, data in handed_in.items():
            (place / name).write_bytes(data)
        yield student, read_submission(place, lesson)


@pytest.mark.jail
def test_a_cluster_that_loses_a_worker_reports_what_this_machine_does(
    tmp_path: Path,
) -> None:
    lesson = find_course(Path(__file__)).lesson("00-start")
    submissions = list(_class(tmp_path / "submitted", lesson))
    here = dict(grade_many(lesson, submissions, workers=1, seed=5))
    there = {}
    started: list[str] = []
    with local_cluster(tmp_path, workers=2) as made:
        run = grade_many(
            lesson,
            submissions,
            seed=5,
            scheduler=made.address,
            watch=lambda event, key: started.append(event),
        )
        for student, report in run:
            there[student] = report
            if len(there) == 2:
                assert len(there) + 4 <= len(submissions)  # both workers are busy
                made.workers[0].kill()
                made.workers[0].wait()
    assert {k: r.to_json(timings=False) for k, r in there.items()} == {
        k: r.to_json(timings=False) for k, r in here.items()
    }
    assert {report.verdict for report in here.values()} > {Verdict.PASSED}
    assert Verdict.INFRA not in {report.verdict for report in here.values()}


def test_the_bundle_holds_the_lesson_and_is_the_same_each_time(tmp_path: Path) -> None:
    lesson = make_lesson(tmp_path)
    bundle = pack(lesson)
    assert bundle == pack(lesson)
    with zipfile.ZipFile(io.BytesIO(bundle)) as files:
        assert files.namelist() == ["course/00-slopes/lesson.toml"]
