"""The autograder.zip, unpacked and run in folders like those of Gradescope's container.

Packages are those of this environment; everything else is done as Gradescope does it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import nbformat
import pytest

from autograder.cli import main
from autograder.grading.mutants import lesson_mutants
from autograder.student.lesson import find_course

LESSON = find_course(Path(__file__)).lesson("00-start")
REFERENCE = LESSON.reference_path.read_text(encoding="utf-8")
SCHEMA = json.loads(Path(__file__).with_name("gradescope.schema.json").read_text())
#: As Docker starts root: bubblewrap may not mount.
AS_IN_DOCKER = ("setpriv", "--bounding-set", "-sys_admin")
ANSWER = '# %% [markdown] task="explain_time_limit"\n"""\nNo program can tell.\n"""\n'
THIEF = """
try:
    with open("{folder}/source/solutions/00-start/reference.py") as file:
        exec(file.read())
except OSError:
    def mean(x):
        return "nothing to read"
    def normalise(x):
        return x
    def halvings(scale, limit):
        with open("{folder}/results/results.json", "w") as file:
            file.write("stolen")
"""

pytestmark = pytest.mark.jail


@dataclass(frozen=True)
class Container:
    """Gradescope's /autograder, elsewhere."""

    folder: Path

    def run(
        self, files: dict[str, str], *before: str, **variables: str
    ) -> tuple[dict[str, Any], str]:
        """Hand in files; return results.json and what was printed."""
        for name in ("submission", "results"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
            (self.folder / name).mkdir()
        for name, text in files.items():
            (self.folder / "submission" / name).write_text(text, encoding="utf-8")
        done = subprocess.run(
            [*before, str(self.folder / "run_autograder")],
            cwd=self.folder,
            env=os.environ | variables,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        text = (self.folder / "results" / "results.json").read_text(encoding="utf-8")
        results = json.loads(text)
        jsonschema.validate(results, SCHEMA)
        return results, done.stdout


@pytest.fixture(scope="module")
def container() -> Iterator[Container]:
    """Build the archive, unpack it and set it up."""
    folder = Path(tempfile.mkdtemp(prefix="autograder-"))  # other users may enter /tmp
    folder.chmod(0o755)
    main_archive = folder / "autograder.zip"
    with pytest.raises(SystemExit) as ended:
        main(["gradescope", "00", "--out", str(main_archive), "--seed", "7"])
    assert not ended.value.code
    with zipfile.ZipFile(main_archive) as archive:
        archive.extractall(folder / "source")  # without the modes of files
    main_archive.unlink()
    (folder / "submission_metadata.json").write_text("{}")
    shutil.copy(folder / "source" / "run_autograder", folder)
    (folder / "run_autograder").chmod(0o755)
    done = subprocess.run(
        ["bash", str(folder / "source" / "setup.sh")],
        env=os.environ | {"AUTOGRADER_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "halvings: Passed (4 / 4)" in done.stdout  # the rehearsal
    yield Container(folder)
    shutil.rmtree(folder)


def test_a_right_file_gets_full_points_and_its_answer_waits_for_a_person(
    container: Container,
) -> None:
    results, printed = container.run({"solution.py": REFERENCE + ANSWER})
    assert results["score"] == 10
    *tasks, answer = results["tests"]
    assert [(test["name"], test["score"], test["max_score"]) for test in tasks] == [
        ("mean", 2, 2),
        ("normalise", 4, 4),
        ("halvings", 4, 4),
    ]
    assert {test["status"] for test in tasks} == {"passed"}
    assert answer["name"] == "explain_time_limit"
    assert "score" not in answer
    assert answer["output"].startswith("A person grades this answer: 2 points.")
    assert "No program can tell." in answer["output"]
    assert "isolation: bubblewrap" in printed
    assert "bubblewrap" not in json.dumps(results["tests"]) + results["output"]
    assert results["stdout_visibility"] == "hidden"


def test_of_a_notebook_and_a_stray_file_the_notebook_is_graded(
    container: Container,
) -> None:
    cells = [nbformat.v4.new_code_cell(REFERENCE)]
    notebook = nbformat.writes(nbformat.v4.new_notebook(cells=cells))
    results, _ = container.run({"hw (1).ipynb": notebook, "notes.py": "x = 1\n"})
    assert results["score"] == 10
    assert "hw (1).ipynb" in results["output"]


def test_a_known_mistake_is_named(container: Container) -> None:
    (mutant,) = (
        mutant
        for mutant in lesson_mutants(LESSON)
        if mutant.name == "normalise-divides-by-n-minus-1"
    )
    results, _ = container.run({"solution.py": mutant.edited(REFERENCE)})
    (failed,) = (test for test in results["tests"] if test.get("status") == "failed")
    assert failed["tags"] == [mutant.name]
    assert mutant.says in failed["output"]
    assert failed["score"] < failed["max_score"]
    assert results["score"] == 6 + failed["score"]


def test_an_empty_file_gets_no_points_and_a_reason(container: Container) -> None:
    results, _ = container.run({"solution.py": ""})
    assert results["score"] == 0
    assert "empty" in results["tests"][0]["output"]


def test_hidden_tests_are_out_of_reach_at_every_level(container: Container) -> None:
    thief = THIEF.format(folder=container.folder)
    known: dict[str, Any] = {}
    exec(thief, known)  # the test itself may read them: the theft would work
    assert known["halvings"](4.0, 1.0) == 2
    results, printed = container.run({"solution.py": thief})
    assert results["score"] == 0
    assert "isolation: bubblewrap" in printed


@pytest.mark.root
@pytest.mark.parametrize("level", ["landlock", "none"])
def test_a_container_without_namespaces_still_hides_the_tests(
    container: Container, level: str
) -> None:
    asked = {} if level == "landlock" else {"AUTOGRADER_ISOLATION": level}
    thief = THIEF.format(folder=container.folder)
    results, printed = container.run({"solution.py": thief}, *AS_IN_DOCKER, **asked)
    assert results["score"] == 0
    assert results["extra_data"]["isolation"] == level
    assert f"isolation: {level} (" in printed
    assert ("bubblewrap is not to be had" in printed) == (level == "landlock")
    hidden = ("source/seed", "source/solutions", "source/course", "submission")
    for name in (*hidden, "results", "submission_metadata.json"):
        assert not (container.folder / name).stat().st_mode & 0o077, name


def test_our_own_failure_gives_no_score(container: Container) -> None:
    results, printed = container.run(
        {"solution.py": REFERENCE}, AUTOGRADER_ISOLATION="chains"
    )
    assert "score" not in results
    assert "tests" not in results
    assert results["output"] == "The grader failed. This is not your fault."
    assert "isolation 'chains' is not available here" in printed


def test_the_archive_holds_one_lesson_and_is_the_same_each_time(tmp_path: Path) -> None:
    contents = []
    for name in ("one.zip", "two.zip"):
        with pytest.raises(SystemExit):
            main(["gradescope", "0", "--out", str(tmp_path / name), "--seed", "7"])
        contents.append((tmp_path / name).read_bytes())
    assert contents[0] == contents[1]
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        names = archive.namelist()
    assert {"setup.sh", "run_autograder", "requirements.txt"} < set(names)
    lessons = {name.split("/")[1] for name in names if name.startswith("solutions/")}
    assert lessons == {"00-start"}
    assert not any("__pycache__" in name for name in names)
