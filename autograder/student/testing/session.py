"""Runs one pytest session over a lesson's test files."""

from __future__ import annotations

import os
import sys
import types
from collections.abc import Sequence
from pathlib import Path

import pytest

from autograder.student.bundle import SHARED
from autograder.student.report import InfrastructureError
from autograder.student.testing.plugin import GradingPlugin

#: Plugins of pytest that grading does not need; leaving them out saves its start.
_UNUSED = (
    *("cacheprovider", "doctest", "unittest", "junitxml", "pastebin", "faulthandler"),
    *("stepwise", "logging", "warnings", "terminal", "legacypath", "setuponly"),
    *("setupplan", "debugging", "threadexception", "unraisableexception"),
    *("recwarn", "tmpdir", "monkeypatch"),
)

_PYTEST_VARIABLES = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_CURRENT_TEST")


def run_session(plugin: GradingPlugin, tests: Sequence[Path]) -> None:
    """Collect test files of one folder and run the plugin's loop over them.

    The files may import from each other, as `from hidden.scenes import started`.

    Raises:
        InfrastructureError: the tests cannot be collected.
    """
    missing = [str(path) for path in tests if not path.is_file()]
    if missing:
        raise InfrastructureError(f"no such file: {', '.join(missing)}")
    folder = tests[0].parent
    arguments = [*map(str, tests), "-c", os.devnull, "--rootdir", str(folder.parent)]
    # Else folders above are collected too, and an __init__.py of theirs is imported.
    arguments += ["--confcutdir", str(folder)]
    arguments += ["--noconftest", "--import-mode=importlib", "--assert=plain", "-s"]
    arguments += [part for name in _UNUSED for part in ("-p", f"no:{name}")]
    kept = {name: os.environ.pop(name, None) for name in _PYTEST_VARIABLES}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    package = types.ModuleType(SHARED)
    package.__path__ = [str(folder)]
    _forget(folder)
    sys.modules[SHARED] = package
    try:
        code = pytest.main(arguments, plugins=[plugin])
    finally:
        _forget(folder)
        del os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]
        os.environ.update({k: v for k, v in kept.items() if v is not None})
    if plugin.failure is not None:
        raise plugin.failure
    if plugin.problem is not None:
        raise InfrastructureError(f"{folder} cannot be read: {plugin.problem}")
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise InfrastructureError(f"pytest ended with {code!r} over {folder}")


def _forget(folder: Path) -> None:
    """Forget the modules of a folder: the next lesson's have the same names."""
    sys.modules.pop(SHARED, None)
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file is not None and os.path.dirname(file) == str(folder):
            del sys.modules[name]
