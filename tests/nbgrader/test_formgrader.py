"""The real formgrader over a class that ``autograder class grade`` graded."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from conftest import LESSON, Class, Done, command

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.jail
TOKEN = "formgrader-test"
_PATIENCE_S = 90
_CONFIG = """
c.ServerApp.jpserver_extensions = {"nbgrader.server_extensions.formgrader": True}
c.ServerApp.ip = "127.0.0.1"
c.ServerApp.port_retries = 0
c.ServerApp.allow_root = True
c.ServerApp.open_browser = False
"""


@dataclass(frozen=True)
class Formgrader:
    """A running server."""

    url: str
    root: Path  # the class folder

    def get(self, path: str) -> str:
        """Return a page's text."""
        request = urllib.request.Request(f"{self.url}/formgrader/{path}")
        request.add_header("Authorization", f"token {TOKEN}")
        with urllib.request.urlopen(request, timeout=60) as answer:
            text: str = answer.read().decode()
            return text

    def api(self, path: str) -> list[dict[str, Any]]:
        """Return what formgrader's pages load."""
        found: list[dict[str, Any]] = json.loads(self.get(f"api/{path}"))
        return found


@pytest.fixture(scope="module")
def formgrader(
    graded: tuple[Class, Done], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Formgrader]:
    """Jupyter Server with nbgrader's formgrader extension, in a copy of the class."""
    root = tmp_path_factory.mktemp("graded") / "class"
    shutil.copytree(graded[0].root, root, symlinks=True)
    home = tmp_path_factory.mktemp("home")
    (home / "jupyter_server_config.py").write_text(_CONFIG)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "run"),
        "JUPYTER_TOKEN": TOKEN,
    }
    words = ["-m", "jupyter", "server", f"--ServerApp.port={port}"]
    log = home / "log"
    with (
        log.open("w") as stream,
        subprocess.Popen(
            [sys.executable, *words],
            cwd=root,
            env=environment,
            stdout=stream,
            stderr=stream,
        ) as server,
    ):
        try:
            yield _wait_for(Formgrader(f"http://127.0.0.1:{port}", root), server, log)
        finally:
            server.kill()


def _wait_for(
    formgrader: Formgrader, server: subprocess.Popen[bytes], log: Path
) -> Formgrader:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            formgrader.get("api/status")
            return formgrader
        except (urllib.error.URLError, ConnectionError):
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)


def test_the_gradebook_lists_the_scores(
    formgrader: Formgrader, graded: tuple[Class, Done]
) -> None:
    made, _ = graded
    assert LESSON in formgrader.get(f"gradebook/{LESSON}/{LESSON}")
    rows = {
        row["student"]: row
        for row in formgrader.api(f"submitted_notebooks/{LESSON}/{LESSON}")
    }
    full = sum(task.points for task in made.lesson.tasks)
    assert rows["right"]["code_score"] == full
    assert rows["untouched"]["code_score"] == 0
    assert 0 < rows["wrong"]["code_score"] < full
    assert rows["right"]["failed_tests"] is False
    assert rows["wrong"]["failed_tests"] is True
    assert rows["hostile"]["needs_manual_grade"] is True
    assert rows["O'Neil"]["last_name"] == 'O\'Neil, "Bob"'


def test_every_submission_opens_and_none_is_active(formgrader: Formgrader) -> None:
    for row in formgrader.api(f"submitted_notebooks/{LESSON}/{LESSON}"):
        page = formgrader.get(f"submissions/{row['id']}/?index=0")
        for task in ("mean", "normalise", "halvings"):
            assert f"grade-{task}" in page
        assert "<script>alert" not in page
        assert not re.search(r"<img[^>]+onerror", page)
        assert 'href="javascript' not in page


def test_the_messages_stand_where_a_person_grades(formgrader: Formgrader) -> None:
    rows = formgrader.api(f"submitted_notebooks/{LESSON}/{LESSON}")
    ids = {row["student"]: row["id"] for row in rows}
    comments = formgrader.api(f"comments?submission_id={ids['wrong']}")
    told = {comment["name"]: comment["auto_comment"] for comment in comments}
    assert "normalise: Wrong" in told["normalise"]
    assert "Looks like:" in told["normalise"]
    broken = formgrader.api(f"comments?submission_id={ids['broken']}")
    assert any("cannot be read" in c["auto_comment"] for c in broken)


@pytest.mark.browser
def test_a_person_sees_the_scores_in_the_browser(
    formgrader: Formgrader, browser: Browser
) -> None:
    page = browser.new_page()
    alerts: list[str] = []
    page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    page.set_extra_http_headers({"Authorization": f"token {TOKEN}"})
    page.goto(f"{formgrader.url}/formgrader/gradebook/{LESSON}/{LESSON}")
    page.wait_for_selector("#main-table tr td a")
    table = page.inner_text("#main-table")
    rows = formgrader.api(f"submitted_notebooks/{LESSON}/{LESSON}")
    (hostile,) = (row for row in rows if row["student"] == "hostile")
    page.goto(f"{formgrader.url}/formgrader/submissions/{hostile['id']}/?index=0")
    page.wait_for_selector("textarea.comment")
    page.close()
    assert "10 / 12" in table
    assert alerts == []


@pytest.mark.browser
def test_what_a_person_enters_there_stays_after_another_run(
    formgrader: Formgrader, graded: tuple[Class, Done], browser: Browser
) -> None:
    written = graded[0].lesson.written
    assert written is not None

    def row() -> dict[str, Any]:
        rows = formgrader.api(f"submitted_notebooks/{LESSON}/{LESSON}")
        return next(row for row in rows if row["student"] == "hostile")

    before = row()
    assert before["needs_manual_grade"] is True
    page = browser.new_page()
    page.set_extra_http_headers({"Authorization": f"token {TOKEN}"})
    page.goto(f"{formgrader.url}/formgrader/submissions/{before['id']}/?index=0")
    page.wait_for_load_state("networkidle")  # scores and comments are loaded
    for place, text in ((written.name, "1.5"), (f"{written.name}-comment", "Nearly.")):
        with page.expect_response(lambda answer: answer.request.method == "PUT"):
            page.fill(f"#{place}", text)
            page.locator(f"#{place}").blur()
    page.close()

    def told() -> list[str]:
        comments = formgrader.api(f"comments?submission_id={before['id']}")
        return [str(comment["manual_comment"]) for comment in comments]

    after = row()
    assert after["score"] == before["score"] + 1.5
    assert after["needs_manual_grade"] is False
    assert "Nearly." in told()
    done = command("class", "grade", str(formgrader.root))
    assert "8 unchanged" in done.err, done.err
    assert row() == after
    assert "Nearly." in told()
