"""Tells when the files of a student's clone were committed.

A fresh clone's files all have the time of cloning. Git is asked about the objects
alone, through an empty repository of ours: no setting, hook or program of the student's
repository is read or run.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_PATIENCE_S = 60  # a history that takes longer has no times


def commit_times(clone: Path, files: Iterable[str]) -> dict[str, float]:
    """Return the time of the last commit of each file, in seconds since 1970.

    Args:
        clone: A working tree, ``.git`` in it.
        files: Paths in it.

    Git is given the limits of the process that calls this, and some time.

    Returns:
        Nothing of a file that was never committed, or where git cannot tell.
    """
    git = clone / ".git"
    program = shutil.which("git")
    head = None if git.is_symlink() else _head(git)
    if head is None or program is None or (git / "objects").is_symlink():
        return {}
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder)
        for name in ("objects", "refs"):
            (empty / name).mkdir()
        (empty / "HEAD").write_text("ref: refs/heads/none\n", encoding="utf-8")
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "GIT_DIR": str(empty),
            "GIT_OBJECT_DIRECTORY": str((git / "objects").resolve()),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_LITERAL_PATHSPECS": "1",
            "GIT_TERMINAL_PROMPT": "0",
        }
        for file in files:
            command = [program, "log", "-1", "--format=%ct", head, "--", file]
            try:
                done = subprocess.run(
                    command,
                    cwd=folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    timeout=_PATIENCE_S,
                )
            except (OSError, ValueError, subprocess.TimeoutExpired):
                return found
            told = done.stdout.strip()
            if done.returncode == 0 and told.isdigit():
                found[file] = min(float(told), time.time())  # whose clock runs ahead
    return found


def _head(git: Path) -> str | None:
    """Return the commit that is checked out."""
    text = _line(git / "HEAD")
    if text.startswith("ref: refs/") and ".." not in text:
        name = text.removeprefix("ref: ")
        text = _line(git / name) or _packed(git, name)
    return text if _COMMIT.fullmatch(text) else None


def _packed(git: Path, name: str) -> str:
    path = git / "packed-refs"
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > 2**20:
            return ""
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    found = (line.partition(" ") for line in lines)
    return next((commit for commit, _, ref in found if ref == name), "")


def _line(path: Path) -> str:
    try:
        if path.is_symlink() or not path.is_file():
            return ""
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.readline(400).strip()
    except OSError:
        return ""
