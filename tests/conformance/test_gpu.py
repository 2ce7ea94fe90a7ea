"""The check for machines with a GPU, rehearsed on Triton's interpreter."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.conformance.triton_half import ROOT

ENVIRONMENT = {**os.environ, "TRITON_INTERPRET": "1", "TILES": "simulator"}


def said(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *words]
    return subprocess.run(
        command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True
    )


@pytest.mark.triton
def test_the_script_tries_what_it_is_asked_for():
    done = said("tests/gpu.py", "--rehearse", "--only", "vector add")
    assert done.returncode == 0, done.stderr[-3000:]
    assert "ok: vector add, draw 2: 0 tolerances off" in done.stdout
    assert "| conformance kernels | 3 of 3 | 0 | vector add |" in done.stdout


@pytest.mark.triton
def test_times_beside_a_library_and_compares_every_output():
    done = said("-m", "tests.conformance.timed")
    assert done.returncode == 0, done.stderr[-3000:]
    right, wrong, missing, failing = map(json.loads, done.stdout.splitlines())
    assert (len(right["ours_ms"]), len(right["library_ms"])) == (4, 4)
    assert (right["problem"], right["off"]) == ("", 0)
    assert right["ratio"] > 0
    assert "tolerances off the library" in wrong["problem"]
    assert wrong["ratio"] is None
    assert missing["problem"] == "no_such_library is not installed"
    assert failing["problem"] == "the library fails: operator::double does not exist"
