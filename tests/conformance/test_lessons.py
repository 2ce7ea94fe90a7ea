"""The lessons' reference kernels mean on Triton what they mean on the simulator."""

from __future__ import annotations

import json

import numpy as np
import pytest

from autograder.student.lab.tiles import record, replay
from tests.conformance.lessons import CALLS, reference
from tests.conformance.test_conformance import triton_side


def inputs_of(number):
    return CALLS[number].inputs(np.random.default_rng(number))


def results(replayed):
    """Return the arrays that a host function returned, one or several."""
    found = replayed["outputs"]
    return [found] if isinstance(found, np.ndarray) else found


@pytest.fixture(scope="session")
def evidence():
    found = []
    for number, call in enumerate(CALLS):
        host = getattr(reference(call.lesson), call.function)
        found.append(record(host, inputs_of(number), call.options))
    return found


@pytest.fixture(scope="session")
def folder(tmp_path_factory, evidence):
    path = tmp_path_factory.mktemp("lessons")
    for number, one in enumerate(evidence):
        (path / f"call_{number}.json").write_text(json.dumps(one))
        np.savez(path / f"call_{number}.npz", *inputs_of(number))
    return path


@pytest.fixture(scope="session")
def interpreted(folder):
    triton_side("lessons", folder, TRITON_INTERPRET="1")
    results = []
    for number in range(len(CALLS)):
        with np.load(folder / f"done_call_{number}.npz") as arrays:
            results.append([arrays[f"arr_{i}"] for i in range(len(arrays.files))])
    return results


@pytest.fixture(scope="session")
def compiled(folder):
    triton_side("lessons-ptx", folder)
    return json.loads((folder / "ptx.json").read_text())


ids = [call.name for call in CALLS]


@pytest.mark.triton
@pytest.mark.parametrize("number", range(len(CALLS)), ids=ids)
def test_a_lessons_kernel_agrees_with_the_interpreter(number, evidence, interpreted):
    ours = replay(evidence[number], inputs_of(number), shuffle=1)
    moved, *theirs = interpreted[number]
    assert [ours["loaded_bytes"], ours["stored_bytes"]] == moved.tolist()
    for one, other in zip(results(ours), theirs, strict=True):
        tolerance = CALLS[number].tolerance
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


@pytest.mark.triton
@pytest.mark.parametrize("number", range(len(CALLS)), ids=ids)
def test_a_lessons_kernel_compiles_for_a_gpu(number, compiled):
    assert compiled[f"call_{number}"] > 1000


@pytest.mark.parametrize("number", range(len(CALLS)), ids=ids)
def test_a_lessons_kernel_has_no_race(number, evidence):
    ours = replay(evidence[number], inputs_of(number))
    assert (ours["races"], ours["uninitialised"], ours["rewrites"]) == ([], [], 0)
    assert ours["unwritten_outputs"] == 0
