"""Which isolation this machine offers; a weaker one is never chosen silently."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys

from autograder.sandbox import landlock
from autograder.sandbox.jail_command import Level
from autograder.student.report import InfrastructureError

_PATIENCE_S = 120.0  # a busy machine is not to be taken for one without bubblewrap
ISOLATION_ENV = "AUTOGRADER_ISOLATION"  # bubblewrap, landlock or none


@functools.cache
def available_levels() -> tuple[Level, ...]:
    """Return the isolation levels that work here, the strongest first."""
    levels: list[Level] = []
    if sys.platform == "linux":
        if _bubblewrap_works():
            levels.append("bubblewrap")
        if landlock.abi() > 0:
            levels.append("landlock")
    return tuple(levels)


def choose_level(wanted: Level | None = None) -> Level:
    """Return the level to use.

    Args:
        wanted: exactly this one; by default the environment's or the strongest.

    Raises:
        InfrastructureError: it is not available. Without isolation nothing is graded
            unless ``none`` is asked for by name.
    """
    name = wanted or os.environ.get(ISOLATION_ENV) or None
    if name == "none":
        return "none"
    levels = available_levels()
    for level in levels:
        if name in (None, level):
            return level
    if name is not None:
        raise InfrastructureError(
            f"isolation {name!r} is not available here;"
            f" this machine offers {', '.join(levels) or 'nothing'}"
        )
    raise InfrastructureError(
        "no isolation is available: install bubblewrap (apt install bubblewrap);"
        f" to run submissions without any, set {ISOLATION_ENV}=none"
    )


def _bubblewrap_works() -> bool:
    program = shutil.which("bwrap")
    if program is None:
        return False
    test = [program, "--unshare-all", "--ro-bind", "/", "/", "true"]
    try:
        done = subprocess.run(
            test, capture_output=True, timeout=_PATIENCE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
