"""The simulator means what Triton means: the same results from the same bytes."""

from __future__ import annotations

import ast
import json
import textwrap

import numpy as np
import pytest

from autograder.kernels.agreement import difference
from autograder.kernels.on_triton import arrays
from autograder.student.lab.tiles import grammar
from autograder.student.lab.tiles.dtypes import DTYPES
from tests.conformance.cases import CASES
from tests.conformance.subjects import SUBJECTS as EVERY
from tests.conformance.subjects import keep
from tests.conformance.triton_half import triton_half

# Alternatives take minutes on the interpreter: they are for `tests/gpu.py`.
SUBJECTS = [one for one in EVERY if "alternatives" not in one.group]
TRIED = [(number, seed) for number, one in enumerate(SUBJECTS) for seed in one.seeds]
IDS = [f"{SUBJECTS[number].name}, {seed}" for number, seed in TRIED]
COMPILED = [number for number, one in enumerate(SUBJECTS) if 0 in one.seeds]


@pytest.fixture(scope="module")
def recordings():
    return {(number, seed): SUBJECTS[number].record(seed) for number, seed in TRIED}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, recordings):
    path = tmp_path_factory.mktemp("calls")
    for (number, seed), recorded in recordings.items():
        keep(path, f"{number}_{seed}", recorded)
    return path


@pytest.fixture(scope="module")
def interpreted(folder):
    triton_half("run", folder, TRITON_INTERPRET="1")
    return folder


@pytest.fixture(scope="module")
def compiled(folder):
    triton_half("compile", folder)
    return json.loads((folder / "compiled.json").read_text())


@pytest.mark.triton
@pytest.mark.parametrize(("number", "seed"), TRIED, ids=IDS)
def test_agrees_with_the_interpreter(number, seed, recordings, interpreted):
    recorded = recordings[number, seed]
    ours = recorded.on_simulator(shuffle=1)
    with np.load(interpreted / f"{number}_{seed}.call.done.npz") as found:
        moved, *theirs = (found[f"arr_{i}"] for i in range(len(found.files)))
    assert [ours["loaded_bytes"], ours["stored_bytes"]] == moved.tolist()
    for one, other in zip(arrays(ours["outputs"]), theirs, strict=True):
        assert difference(one, other, SUBJECTS[number].tolerance) <= 1


@pytest.mark.triton
@pytest.mark.parametrize("number", COMPILED, ids=[s.name for s in SUBJECTS])
def test_compiles_for_a_gpu(number, compiled):
    assert min(compiled[f"{number}_0.call"]) > 1000


@pytest.mark.parametrize(("number", "seed"), TRIED, ids=IDS)
def test_runs_without_a_race_or_an_uninitialised_read(number, seed, recordings):
    recorded = recordings[number, seed]
    ours = recorded.on_simulator()
    assert (ours["races"], ours["uninitialised"]) == ([], [])
    assert ours["unwritten_outputs"] == 0


def used_by_the_cases() -> set[str]:
    """Return what the conformance kernels say: names of tl, methods, operators."""
    found: set[str] = set()
    for case in CASES:
        for bundle in case.recorded(0).evidence["kernels"]:
            for function in bundle:
                tree = ast.parse(textwrap.dedent(function["source"]))
                found |= {name for node in ast.walk(tree) for name in said(node)}
    return found


def said(node: ast.AST) -> list[str]:
    """Return what one node of a kernel's source says."""
    if isinstance(node, ast.Attribute):
        of_tl = isinstance(node.value, ast.Name) and node.value.id == "tl"
        return [f"tl.{node.attr}" if of_tl else f".{node.attr}"]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return [node.func.id]
    return [type(node).__name__]


def test_the_kernels_use_every_operation_of_the_language():
    language = {
        *(f"tl.{name}" for name in (*grammar.FUNCTIONS, *DTYPES, "constexpr")),
        *(f".{name}" for name in (*grammar.METHODS, "shape", "dtype", "T")),
        *grammar.BUILTINS,
        *grammar.LOOPS,
        *(kind.__name__ for kind in grammar.OPERATORS),
    }
    refused = {"MatMult"}  # it is known to be refused with what to write instead
    assert language - refused - used_by_the_cases() == set()
