"""Hidden tests of `memory_model`."""

import pytest
from hidden.common import STEP_7, refusals

from autograder.student.testing import check


@pytest.mark.task("memory_model", weight=1)
def test_bytes_of_training(student, rng):
    keys = ("weights", "master", "gradients", "optimizer", "activations", "total")
    per = {"float32": (4, 0, 4, 4, 4), "float16": (2, 0, 2, 2, 2)}
    per["mixed"] = (2, 4, 2, 4, 2)
    states = {"sgd": 0, "momentum": 1, "adam": 2}
    sizes = [(0, 0), (1, 0), (0, 1), (7 * 10**10, 3 * 10**12)]
    sizes += [(int(rng.integers(1, 10**6)), int(rng.integers(1, 10**6)))]
    asked = [(n, a, r, o) for n, a in sizes for r in per for o in states]
    answers = [student.memory_model(*question) for question in asked]
    default = student.memory_model(3, 5, "mixed")
    named = student.memory_model(n_params=3, n_act=5, recipe="float32", optimizer="sgd")

    def want(n, a, recipe, optimizer):
        weight, master, gradient, state, act = per[recipe]
        k = states[optimizer]
        parts = [weight * n, master * n, gradient * n, state * k * n, act * a]
        return dict(zip(keys, [*parts, sum(parts)], strict=True))

    for (n, a, recipe, optimizer), got in zip(asked, answers, strict=True):
        where = f"memory_model, {recipe}, {optimizer}"
        where += ", nothing" if not n + a else ""
        check.equal(got, want(n, a, recipe, optimizer), where=where, look=STEP_7)
    where = "memory_model, mixed, the optimizer by default"
    check.equal(default, want(3, 5, "mixed", "adam"), where=where, look=STEP_7)
    where = "memory_model, float32, sgd, arguments by name"
    check.equal(named, want(3, 5, "float32", "sgd"), where=where, look=STEP_7)
    cases = {
        "an unknown recipe": (1, 1, "bfloat16", "adam"),
        "an unknown optimizer": (1, 1, "mixed", "lion"),
        "no optimizer": (0, 0, "float16", ""),
        "a negative number of weights": (-1, 1, "mixed", "sgd"),
        "a negative number of activations": (1, -1, "float32", "adam"),
    }
    cases = {f"memory_model, {kind}": question for kind, question in cases.items()}
    refusals(ValueError, student.memory_model, cases)
