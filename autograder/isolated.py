"""Keeps what lies beside a submission out of every interpreter that we run.

Python looks for modules in the working directory first, and an instructor may well
stand in a folder of hand-ins: one of them is called ``random.py``. So each process that
we start is isolated (``-I``: no working directory, no PYTHONPATH, no user's packages)
and is told where this package is; and the command itself leaves the working directory
out before it imports anything. This module imports nothing that it could shadow.
"""

from __future__ import annotations

import os
import sys

_PACKAGE = os.path.dirname(os.path.abspath(__file__))
# The package alone is made known, by its path: nothing that lies next to it is found.
_START = """
import runpy, sys
from importlib.util import module_from_spec, spec_from_file_location
folder, module = sys.argv.pop(1), sys.argv.pop(1)
spec = spec_from_file_location(
    "autograder", folder + "/__init__.py", submodule_search_locations=[folder])
sys.modules["autograder"] = package = module_from_spec(spec)
spec.loader.exec_module(package)
runpy.run_module(module, run_name="__main__")
"""


def python_command(module: str) -> tuple[str, ...]:
    """Return the command that runs a module of this package in isolation."""
    return (sys.executable, "-I", "-c", _START, _PACKAGE, module)


def safe_path(path: str) -> str:
    """Return a PATH without its relative parts: ``.`` is where hand-ins lie."""
    return os.pathsep.join(p for p in path.split(os.pathsep) if os.path.isabs(p))


def environment() -> dict[str, str]:
    """Return this process's environment, for a program that runs beside hand-ins.

    Programs with interpreters of their own read it.
    """
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    kept["PATH"] = safe_path(os.environ.get("PATH", os.defpath))
    return kept | {"PYTHONSAFEPATH": "1", "PYTHONNOUSERSITE": "1"}


def forget_working_directory() -> None:
    """Find neither modules nor programs in the working directory from now on."""
    try:
        here = os.path.realpath(os.getcwd())
    except FileNotFoundError:  # it was deleted: nothing lies there
        here = ""
    sys.path[:] = [entry for entry in sys.path if os.path.realpath(entry) != here]
    os.environ["PATH"] = safe_path(os.environ.get("PATH", os.defpath))
