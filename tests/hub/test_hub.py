"""A week on a hub that is set up as ``course/jupyterhub.md`` says."""

from __future__ import annotations

import csv
import io
import json
import urllib.error
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from hub import COURSE, Hub, Server, block, running

from autograder.student.notebook.build import build_notebook
from autograder.student.notebook.written import WRITTEN_STUB

pytestmark = [pytest.mark.hub, pytest.mark.jail]
LESSON = COURSE.lesson("00-start")
NOTEBOOK = f"{LESSON.id}/{LESSON.id}.ipynb"
WORDS = "Because the grader's limits are its own."
CHOSEN = f"course_id=gradients-to-kernels&assignment_id={LESSON.id}"


@dataclass(frozen=True)
class Week:
    """The hub after a week: handed in, collected, graded, given back."""

    hub: Hub
    prof: Server
    ada: Server
    bob: Server


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Week]:
    with running(tmp_path_factory.mktemp("hub")) as hub:
        with ThreadPoolExecutor() as together:
            prof, ada, bob = together.map(hub.server, ("prof", "ada", "bob"))
        done(prof, "autograder class init cs101 --lesson 00")
        done(prof, block("hand out"))
        for student in (ada, bob):
            said = student.api("assignments/fetch", form=CHOSEN)
            assert said["success"], said
        solve(ada, tasks=3)
        solve(bob, tasks=1)
        done(bob, f"cd {LESSON.id}\nautograder submit 00")
        said = ada.api("assignments/submit", form=CHOSEN)
        assert said["success"], said
        done(prof, block("grade"), code=1)  # some task failed
        yield Week(hub, prof, ada, bob)


def done(server: Server, script: str, code: int = 0) -> str:
    """Run a script in a terminal of a server; return what it says."""
    found, screen = server.type(script)
    assert found == code, screen
    return screen


def solve(student: Server, tasks: int) -> None:
    """Write the reference's code into the first tasks, and an answer in words."""
    solved = build_notebook(LESSON, with_reference=True).cells
    right = {
        cell.metadata["task"]: cell.source for cell in solved if "task" in cell.metadata
    }
    names = [task.name for task in LESSON.tasks][:tasks]
    model = student.api(f"api/contents/{NOTEBOOK}")
    for cell in model["content"]["cells"]:
        if cell["metadata"].get("task") in names:
            cell["source"] = right[cell["metadata"]["task"]]
        if cell["source"] == WRITTEN_STUB:
            cell["source"] = WORDS
    student.request(f"api/contents/{NOTEBOOK}", model, method="PUT")


def refused(server: Server, path: str, owner: str | None = None) -> int:
    with pytest.raises(urllib.error.HTTPError) as refusal:
        server.request(path, owner=owner)
    refusal.value.close()
    return refusal.value.code


def test_each_has_the_package_and_the_name_of_their_own(week: Week) -> None:
    assert "No such command 'class'" in done(week.ada, "autograder class", code=2)
    screen = done(week.ada, "python -c 'import autograder; print(autograder.__file__)'")
    assert str(week.hub.base / "opt/course/release/autograder/__init__.py") in screen
    assert "solutions" in done(week.prof, f"ls {COURSE.root}")
    inbound = week.hub.base / "opt/course/exchange/gradients-to-kernels/inbound"
    users = {path.name.partition("+")[0] for path in inbound.iterdir()}
    assert users == {"ada", "bob"}


def test_grades_are_those_of_what_was_handed_in(week: Week) -> None:
    found = {
        one["student"]: one["score"]
        for one in week.prof.api(f"formgrader/api/submissions/{LESSON.id}")
    }
    points = [task.points for task in LESSON.tasks]
    assert found == {"ada": sum(points), "bob": points[0]}


def test_formgrader_is_the_instructors_alone(week: Week) -> None:
    page = week.prof.request("formgrader/manage_submissions/00-start")
    assert "formgrader" in page.lower()
    assert refused(week.ada, "formgrader", owner="prof") == 403
    assert refused(week.ada, "formgrader") == 404


def test_formgraders_button_uses_the_sandbox(week: Week) -> None:
    said = week.prof.api(
        f"formgrader/api/submission/{LESSON.id}/bob/autograde", method="POST"
    )
    assert said["success"], said
    path = f"api/contents/cs101/autograded/bob/{NOTEBOOK}"
    cells = week.prof.api(path)["content"]["cells"]
    shown = json.dumps([cell.get("outputs") for cell in cells])
    assert "not attempted yet" in shown


def test_feedback_comes_back_and_grades_go_out(week: Week) -> None:
    done(week.prof, block("give back"))
    said = week.ada.api("assignments/fetch_feedback", form=CHOSEN)
    assert said["success"], said
    (page,) = Path(week.hub.base / f"home/ada/{LESSON.id}/feedback").rglob("*.html")
    assert WORDS in page.read_text("utf-8")
    text = week.prof.api("api/contents/cs101/grades.csv")["content"]
    assert any("ada" in row for row in csv.reader(io.StringIO(text)))
