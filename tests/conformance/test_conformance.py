"""The simulator means what Triton means: same results, same bytes, same refusals."""

from __future__ import annotations

import importlib.util
import json
import linecache
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autograder.student.lab import tiles
from tests.conformance import differences
from tests.conformance.kernels import CASES

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENT = "triton==3.9.0"


def triton_side(what: str, path: Path, **environment: str) -> None:
    """Run the other half of these tests where `import triton` is the real one."""
    if importlib.util.find_spec("triton") is None:
        pytest.skip(f"not run: needs `pip install {REQUIREMENT}` (Linux on x86)")
    command = [sys.executable, "-m", "tests.conformance.triton_side", what, str(path)]
    cache = {"TRITON_CACHE_DIR": str(path.parent / "cache")}
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **cache, **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="session")
def interpreted(tmp_path_factory):
    path = tmp_path_factory.mktemp("triton") / "results.npz"
    triton_side("run", path, TRITON_INTERPRET="1")
    with np.load(path) as results:
        return dict(results)


@pytest.fixture(scope="session")
def compiled(tmp_path_factory):
    path = tmp_path_factory.mktemp("triton") / "results.json"
    triton_side("compile", path)
    return json.loads(path.read_text())


def simulate(number):
    case = CASES[number]
    arguments = case.arguments(np.random.default_rng(number))
    case.kernel[case.grid](**arguments, **case.meta)
    return arguments, tiles.last_meter()


@pytest.mark.triton
@pytest.mark.parametrize("number", range(len(CASES)), ids=[c.name for c in CASES])
def test_agrees_with_the_interpreter(number, interpreted):
    arguments, meter = simulate(number)
    for name in CASES[number].outputs:
        np.testing.assert_allclose(
            arguments[name].astype("float64"),
            interpreted[f"{number} {name}"].astype("float64"),
            rtol=CASES[number].tolerance,
            atol=CASES[number].tolerance,
        )
    loaded, stored = interpreted[f"{number} bytes"]
    assert (meter.loaded_bytes, meter.stored_bytes) == (loaded, stored)


@pytest.mark.parametrize("number", range(len(CASES)), ids=[c.name for c in CASES])
def test_runs_without_a_race_or_an_uninitialised_read(number):
    _, meter = simulate(number)
    assert meter.races == []
    assert meter.uninitialised == []


@pytest.mark.triton
@pytest.mark.parametrize("case", CASES, ids=[c.name for c in CASES])
def test_compiles_for_a_gpu(case, compiled):
    assert compiled["ptx"][case.name] > 1000


def refusal(entry: differences.Entry) -> str:
    """Return what the simulator says of a kernel; "" where it takes it."""
    source = f"from autograder.student.lab.tiles import triton, tl\n{entry.source}"
    name = f"<entry {entry.name}>"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    module: dict[str, object] = {}
    exec(compile(source, name, "exec"), module)
    x = np.ones(64, np.float32)
    try:
        module["kernel"][(4,)](x, np.zeros_like(x), 64, B=16)  # type: ignore[index]
    except tiles.TileError as error:
        return str(error)
    return ""


names = [e.name for e in differences.ENTRIES]


@pytest.mark.parametrize("entry", differences.ENTRIES, ids=names)
def test_the_simulator_takes_what_the_table_says(entry):
    said = refusal(entry)
    assert (said == "") is entry.simulator
    assert len(said.splitlines()) <= 3


@pytest.mark.triton
@pytest.mark.parametrize("entry", differences.ENTRIES, ids=names)
def test_triton_takes_what_the_table_says(entry, compiled):
    said = compiled["refusals"][entry.name]
    assert (said == "") is entry.triton, said


def test_the_page_of_differences_is_the_table():
    page = ROOT / "autograder/student/lab/tiles/CONFORMANCE.md"
    assert page.read_text() == differences.write()
