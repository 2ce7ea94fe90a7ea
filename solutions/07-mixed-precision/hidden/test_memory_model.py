"""Hidden tests of `memory_model`: the bytes of every recipe with every optimizer.

Core are the tables, the mixed recipe and the pure ones apart. Zero, defaults, names of
arguments, the type of the answers and refusals are not.
"""

import pytest
from hidden.answers import CONTRACT, STEP_7, refusals

from autograder.student.testing import check

KEYS = ("weights", "master", "gradients", "optimizer", "activations", "total")
PER = {
    "float32": (4, 0, 4, 4, 4),
    "float16": (2, 0, 2, 2, 2),
    "mixed": (2, 4, 2, 4, 2),
}
STATES = {"sgd": 0, "momentum": 1, "adam": 2}


def bytes_of(n, a, recipe, optimizer):
    """Count by hand."""
    weight, master, gradient, state, act = PER[recipe]
    k = STATES[optimizer]
    parts = [weight * n, master * n, gradient * n, state * k * n, act * a]
    return dict(zip(KEYS, [*parts, sum(parts)], strict=True))


def ask(student, sizes, recipes):
    """Ask for all sizes, recipes and optimizers, then judge."""
    asked = [(n, a, r, o) for n, a in sizes for r in recipes for o in STATES]
    answers = [student.memory_model(*question) for question in asked]
    for question, got in zip(asked, answers, strict=True):
        n, a, recipe, optimizer = question
        where = f"memory_model, {recipe}, {optimizer}"
        where += ", nothing" if not n + a else ""
        check.equal(got, bytes_of(*question), where=where, look=STEP_7)


def some_sizes(rng):
    """Return numbers of weights and of activations."""
    n, a = map(int, rng.integers(1, 10**6, size=2))
    return [(n, a), (10**9, 5 * 10**9)]


@pytest.mark.task("memory_model", weight=2, core=True)
def test_bytes_of_mixed_training(student, rng):
    ask(student, some_sizes(rng), ["mixed"])


@pytest.mark.task("memory_model", weight=2, core=True)
def test_bytes_of_pure_training(student, rng):
    ask(student, some_sizes(rng), ["float32", "float16"])


@pytest.mark.task("memory_model", weight=1)
def test_defaults_and_zeros(student):
    default = student.memory_model(3, 5, "mixed")
    named = student.memory_model(n_params=3, n_act=5, recipe="float32", optimizer="sgd")
    ask(
        student, [(0, 0), (1, 0), (0, 1), (7 * 10**10, 3 * 10**12), (2**60 + 1, 1)], PER
    )

    where = "memory_model, mixed, the optimizer by default"
    check.equal(default, bytes_of(3, 5, "mixed", "adam"), where=where, look=CONTRACT)
    where = "memory_model, float32, sgd, arguments by name"
    check.equal(named, bytes_of(3, 5, "float32", "sgd"), where=where, look=CONTRACT)
    for key, count in default.items():
        where = f"memory_model: is {key} an int"
        check.equal(isinstance(count, int), True, where=where, look=CONTRACT)


@pytest.mark.task("memory_model", weight=1)
def test_unknown_and_negative(student):
    cases = {
        "an unknown recipe": (1, 1, "bfloat16", "adam"),
        "the unknown recipe float": (1, 1, "float", "adam"),
        "the unknown recipe fp16": (1, 1, "fp16", "adam"),
        "the unknown recipe Mixed": (1, 1, "Mixed", "adam"),
        "an unknown optimizer": (1, 1, "mixed", "lion"),
        "the unknown optimizer Adam": (1, 1, "mixed", "Adam"),
        "no optimizer": (0, 0, "float16", ""),
        "a negative number of weights": (-1, 1, "mixed", "sgd"),
        "a negative number of activations": (1, -1, "float32", "adam"),
        "negative numbers of both": (-1, -1, "float16", "sgd"),
    }
    cases = {f"memory_model, {kind}": question for kind, question in cases.items()}
    refusals(ValueError, student.memory_model, cases)
