"""Runs the half of these tests where `import triton` is the real one."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENT = "triton==3.9.0"


def triton_half(mode: str, folder: Path, **environment: str) -> None:
    """Run a mode of `triton_side` on a folder."""
    if importlib.util.find_spec("triton") is None:
        pytest.skip(f"not run: needs `pip install {REQUIREMENT}` (Linux on x86)")
    command = [sys.executable, "-m", "tests.conformance.triton_side", mode, str(folder)]
    cache = {"TRITON_CACHE_DIR": str(folder / "cache")}
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **cache, **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
