"""What the simulator refuses, and where it differs, is as the table says."""

from __future__ import annotations

import json
import linecache

import numpy as np
import pytest

from autograder.student.lab import tiles
from tests.conformance import differences
from tests.conformance.triton_half import ROOT, triton_half


@pytest.fixture(scope="module")
def triton_says(tmp_path_factory):
    folder = tmp_path_factory.mktemp("triton")
    triton_half("differences", folder)
    return json.loads((folder / "said.json").read_text())


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
def test_triton_takes_what_the_table_says(entry, triton_says):
    said = triton_says[entry.name]
    assert (said == "") is entry.triton, said


def test_the_page_of_differences_is_the_table():
    page = ROOT / "autograder/student/lab/tiles/CONFORMANCE.md"
    assert page.read_text() == differences.write()
