"""Shared by all tests: golden files, and tests whose tools this machine lacks.

A test that needs a missing tool is deselected and named in the closing summary as not
run, so that it is never counted among the passed.
"""

from __future__ import annotations

import glob
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

# How long an example takes depends on the machine and on what else runs there.
settings.register_profile("course", deadline=None)
settings.load_profile("course")

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
NOT_RUN = pytest.StashKey[Counter[str]]()


@cache
def _has_bubblewrap() -> bool:
    command = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"]
    if shutil.which("bwrap") is None:
        return False
    return subprocess.run(command, capture_output=True).returncode == 0


@cache
def _has_browser() -> bool:
    names = ("chromium", "chromium-browser", "google-chrome")
    return any(map(shutil.which, names)) and shutil.which("node") is not None


@cache
def _has_hub() -> bool:
    proxy = Path(__file__).parent / "hub/node_modules/configurable-http-proxy"
    has_proxy = shutil.which("node") is not None and proxy.is_dir()
    return has_proxy and importlib.util.find_spec("jupyterhub") is not None


@cache
def _has_jdk() -> bool:
    return all(map(shutil.which, ("javac", "java")))


@cache
def _has_git() -> bool:
    return shutil.which("git") is not None


@cache
def _has_openssl() -> bool:
    return shutil.which("openssl") is not None


@cache
def _has_postgres() -> bool:
    found = shutil.which("pg_ctl") or glob.glob("/usr/lib/postgresql/*/bin/pg_ctl")
    return bool(found) and importlib.util.find_spec("psycopg") is not None


@cache
def _has_registry() -> bool:
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "iniconfig"]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([*command, "-d", folder], capture_output=True)
    return done.returncode == 0


@cache
def _is_root() -> bool:
    return os.geteuid() == 0


@cache
def _has_triton() -> bool:
    return importlib.util.find_spec("triton") is not None


@cache
def _has_gloo() -> bool:
    from autograder.student.lab.ranks.gloo import is_available

    return is_available()


TOOLS: dict[str, tuple[str, Callable[[], bool]]] = {
    "gloo": ("torch.distributed with gloo", _has_gloo),
    "git": ("git", _has_git),
    "jail": ("bubblewrap with user namespaces", _has_bubblewrap),
    "browser": ("Chromium and Node.js", _has_browser),
    "hub": ("JupyterHub and, with Node.js, its proxy", _has_hub),
    "jdk": ("a JDK: javac and java", _has_jdk),
    "openssl": ("openssl", _has_openssl),
    "postgres": ("PostgreSQL's pg_ctl, and psycopg", _has_postgres),
    "registry": ("a package registry that pip reaches", _has_registry),
    "root": ("root, as in a container", _is_root),
    "triton": ("the triton package", _has_triton),
}


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let no test read or leave anything in the cache of whoever runs them."""
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--update-goldens`` and ``--schedules``."""
    parser.addoption(
        "--update-goldens",
        action="store_true",
        help="rewrite the golden files with what the code gives now",
    )
    parser.addoption(
        "--schedules",
        type=int,
        default=1500,
        help="schedules for each scenario of the pools that are right (default 1500)",
    )


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Take out the tests whose tools are missing, and remember how many."""
    missing: Counter[str] = Counter()
    kept, out = [], []
    for item in items:
        lacking = [
            need
            for mark, (need, present) in TOOLS.items()
            if item.get_closest_marker(mark) and not present()
        ]
        (out if lacking else kept).append(item)
        missing.update(lacking[:1])
    config.stash[NOT_RUN] = missing
    if out:
        config.hook.pytest_deselected(items=out)
    # The way of a student takes longest, so that it must not begin last.
    items[:] = sorted(kept, key=lambda item: not item.get_closest_marker("registry"))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Name what was not run, before pytest's own last line."""
    for need, count in config.stash.get(NOT_RUN, Counter[str]()).items():
        terminalreporter.write_line(f"NOT RUN: {count} tests need {need}", yellow=True)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compare a text with a golden file, or rewrite it with ``--update-goldens``."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--update-goldens"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"{path} is missing: make it with --update-goldens"
        assert text == path.read_text(encoding="utf-8"), (
            f"{path.name} changed; if that is right, renew it with --update-goldens"
        )

    return compare


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return one Chromium for all tests: a process can drive only one at a time."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    assert path is not None, "no Chromium found: run `make setup`"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()
