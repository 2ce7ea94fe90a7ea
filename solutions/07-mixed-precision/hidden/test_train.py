"""Hidden tests of `train`: a backward pass that is dictated, and a small network.

With dictated gradients every loss, scale and weight is known to the last bit. Core are
the three recipes with ordinary gradients, steps left out among them, and that of the
two 16-bit recipes mixed precision alone learns. Weights not used, losses that are
not finite, a scale of zero, the caller's arrays and unknown recipes are not.
"""

import functools

import numpy as np
import pytest
from hidden.answers import (
    CONTRACT,
    INF,
    NAN,
    STEP_8,
    number,
    python_float,
    refusals,
)

from autograder.student.testing import check


class Dictated:
    """A backward pass with a script: batch -> gradients, whatever the weights."""

    def __init__(self, script):
        self.script, self.given = script, []

    def __call__(self, weights, batch, number):
        self.given.append(([w.copy() for w in weights], batch, number))
        loss, grads = self.script[batch]
        dtype = weights[0].dtype
        with np.errstate(all="ignore"):
            scaled = [
                None if g is None else (np.float64(g) * number).astype(dtype)
                for g in grads
            ]
        return loss, scaled


SCRIPT = {
    "big": (4.1, [[0.5, -0.25], [[0.125]]]),
    "small": (3.3, [[1e-4, 1e-4], [[-1e-4]]]),
    "tiny": (2.7, [[2e-8, 1e-8], [[-1e-8]]]),
    "unused": (1.9, [[0.5, 0.5], None]),
    "inf": (8.6, [[INF, 0.5], [[0.5]]]),
    "nan": (NAN, [[0.5, 0.5], [[NAN]]]),
}


START = (np.array([1.0, -0.1]), np.array([[0.3]]))


@functools.lru_cache(maxsize=64)
def ordered(recipe, batches, lr, init=2.0**16, interval=2000):
    """Train by hand, as in SCRIPT: the losses, scales, skipped steps and weights."""
    dtype = np.float16 if recipe == "float16" else np.float32
    weights = [w.astype(np.float32).astype(dtype) for w in START]
    scale, clean, skipped, losses, scales = np.float32(init), 0, 0, [], []
    with np.errstate(all="ignore"):
        for batch in batches:
            loss, grads = SCRIPT[batch]
            losses.append(loss)
            if recipe != "mixed":
                grads = [
                    None if g is None else np.array(g).astype(dtype) for g in grads
                ]
            else:
                half = [
                    None if g is None else (np.float64(g) * scale).astype(np.float16)
                    for g in grads
                ]
                bad = any(not np.isfinite(g).all() for g in half if g is not None)
                inverse = np.float32(1 / np.float64(scale))
                grads = [
                    None if g is None or bad else g.astype(np.float32) * inverse
                    for g in half
                ]
                skipped += bad
                clean = 0 if bad else clean + 1
                if bad:
                    scale = np.float32(scale * 0.5)
                elif clean == interval:
                    scale, clean = np.float32(scale * 2), 0
            weights = [
                w if g is None else w - dtype(lr) * g
                for w, g in zip(weights, grads, strict=True)
            ]
            scales.append(float(scale) if recipe == "mixed" else 1.0)
    return losses, scales, skipped, weights


def runs(student, cases, recipes, noted=True):
    """Train by script, each case in each recipe, then judge.

    cases: kind -> (batches, step size, options). The last bits of losses, types, and
    scales where nothing is scaled are judged only if `noted`.
    """
    answers = {}
    weights = [w.astype(np.float32) for w in START]
    for kind, (batches, lr, options) in cases.items():
        for recipe in recipes:
            f = Dictated(SCRIPT)
            run = student.train(recipe, weights, f, batches, lr, **options)
            answers[kind, recipe] = f, run

    for (kind, recipe), (f, run) in answers.items():
        batches, lr, options = cases[kind]
        where = f"train, {recipe}, {kind}"
        asked = [batch for _, batch, _ in f.given]
        check.equal(asked, batches, where=f"{where}: batches", look=STEP_8)
        want = ordered(recipe, tuple(batches), lr, **options)
        judge_run(run, want, where, f.given, recipe, noted)


def judge_run(got, want, where, given, recipe, noted):
    """Compare a Run with one made by hand."""
    losses, scales, skipped, weights = want
    look = STEP_8
    at = f"{where}: losses"
    check.close(list(got.losses), losses, rtol=1e-6, where=at, look=look)
    if noted:
        check.equal(list(got.losses), losses, where=at, look=look)
        for kind, found in (("a loss", got.losses), ("a scale", got.scales)):
            for one in found:
                python_float(one, f"{where}: {kind}")
    if noted or recipe == "mixed":
        check.equal(list(got.scales), scales, where=f"{where}: scales", look=look)
    check.equal(got.skipped, skipped, where=f"{where}: skipped", look=look)
    check.equal(len(got.weights), len(weights), where=f"{where}: number of weights")
    for mine, right in zip(got.weights, weights, strict=True):
        at = f"{where}: weights"
        check.close(mine, right, where=at, look=look, dtype=right.dtype)
    for n, (seen, _, factor) in enumerate(given):
        before = 1.0 if recipe != "mixed" else scales[n - 1] if n else None
        if before is not None:
            at = f"{where}: the number backward is given, step {n + 1}"
            number(factor, before, at, look)
        for w in seen:
            at = f"{where}: what backward is given"
            dtype = np.float32 if recipe == "float32" else np.float16
            check.dtype(w, dtype, where=at, look=look)


ORDINARY = {
    "large and small updates": (["big", "small", "small", "tiny"] * 3, 1.0, {}),
    "updates too small for float16": (["small"] * 12, 1.0, {}),
    "gradients too small for float16": (["tiny"] * 8, 2.0**14, {}),
    "a step size of 0.1": (["big", "big", "small"] * 4, 0.1, {}),
}


@pytest.mark.task("train", weight=2, core=True)
def test_one_format_for_all(student):
    runs(student, ORDINARY, ("float32", "float16"), noted=False)


@pytest.mark.task("train", weight=3, core=True)
def test_mixed_precision(student):
    cases = ORDINARY | {
        "an inf twice": (
            ["small", "inf", "small", "small", "big", "inf"],
            1.0,
            {"init": 1024.0, "interval": 2},
        ),
        "a first scale that is too large": (
            ["big", "big", "tiny", "big", "big", "tiny", "big"],
            1.0,
            {"init": 2.0**20, "interval": 3},
        ),
    }
    runs(student, cases, ("mixed",), noted=False)


@pytest.mark.task("train", weight=2)
def test_awkward_runs(student):
    cases = {
        "a weight that is not used at times": (["big", "unused", "unused"], 0.5, {}),
        "an inf and a NaN": (
            ["small", "inf", "small", "nan", "big", "inf"],
            1.0,
            {"init": 1024.0, "interval": 2},
        ),
        "nothing but NaN, down to a scale of zero": (
            ["nan"] * 5,
            1.0,
            {"init": 2.0**-147},
        ),
        "no batches": ([], 1.0, {}),
        "a first scale of 1000": (["big", "inf"], 1.0, {"init": 1000.0}),
        "a scale that grows at once": (["tiny"] * 4, 8.0, {"init": 1, "interval": 1}),
    }
    runs(student, cases, ("float32", "float16", "mixed"))


def train(student):
    """Train each way and see whether the caller's arrays change."""
    calls = []

    def backward(weights, batch, number):
        calls.append(number)
        if len(calls) > 5000:
            raise ValueError("backward was called too often")
        return 1.0, [np.full_like(weights[0], number * 2.0**-4)]

    found = {}
    for recipe in ("float32", "float16", "mixed"):
        mine = student.keep(np.ones(3, dtype=np.float32))
        for batches in ([1, 2], []):
            run = student.held("train", recipe, [mine], backward, batches, 1.0)
            student.part(run, "weights", 0)[:] = 7
        found[recipe] = student.fetch(mine)
    return found


@pytest.mark.task("train", weight=1)
def test_defaults_and_arrays_given(student):
    found = train(student)
    weights = [w.astype(np.float32) for w in START]
    f = Dictated(SCRIPT)
    cases = {
        f"train, the unknown recipe {recipe!r}, {len(batches)} batches": (
            *(recipe, weights, f),
            *(batches, 1.0),
        )
        for recipe in ("bfloat16", "fp16", "")
        for batches in ([], ["big"])
    }
    refusals(ValueError, student.train, cases)

    kinds = []

    def backward(weights, batch, number):
        kinds.append(isinstance(number, float) and isinstance(weights, list))
        return np.float32(1.0), [np.zeros_like(w) for w in weights]

    for recipe in ("float32", "float16", "mixed"):
        run = student.train(recipe, weights, backward, [None, 1], 1.0)
        where = f"train, {recipe}, losses in float32: a loss"
        check.equal(len(run.losses), 2, where=f"train, {recipe}, a batch that is None")
        for loss in run.losses:
            python_float(loss, where)
        for name in ("losses", "scales", "weights"):
            where = f"train, {recipe}: is {name} a list"
            check.equal(isinstance(getattr(run, name), list), True, where=where)
    check.equal(all(kinds), True, where="train: does backward get a list and a float")
    where = "train, an unknown recipe: calls of backward"
    check.equal(f.given, [], where=where, look=CONTRACT)
    for recipe, mine in found.items():
        where = f"train, {recipe}: the weights it was given"
        check.unchanged(mine, np.ones(3), where=where, look=CONTRACT)


BATCHES = []  # that `clean` was given, in the process where it runs


def clean(weights, batch, number):
    """Return a loss and gradients with which every step is taken."""
    BATCHES.append(batch)
    if len(BATCHES) > 5000:
        raise ValueError("backward was called too often")
    return 1.0, [np.zeros(1, np.float32)]


@pytest.mark.task("train", weight=1)
def test_how_long_a_scale_takes_to_grow(student):
    f, weights = student.keep_function(clean), [np.zeros(1, np.float32)]
    run = student.train("mixed", weights, f, range(2001), 2.0**-20)
    where = "train, mixed, 2001 clean steps: the last four scales"
    want = [2.0**16] * 2 + [2.0**17] * 2
    check.equal(list(run.scales)[-4:], want, where=where, look=CONTRACT)
    check.equal(
        run.skipped, 0, where="train, mixed, clean steps: skipped", look=CONTRACT
    )


def network(weights, batch, number, x, target):
    """Go back through a tanh network whose loss is a sample of a mean over 2**25."""
    first, second = weights
    half = first.dtype
    inputs, wanted = x.astype(half), target.astype(half)
    hidden = np.tanh(inputs @ first)
    error = hidden @ second - wanted
    loss = float(np.mean(error.astype(np.float32) ** 2) / 2)
    d_out = error * half.type(number / 2**25)
    d_hidden = (d_out @ second.T) * (half.type(1) - hidden * hidden)
    return loss, [inputs.T @ d_hidden, hidden.T @ d_out]


def train_network(student, x, target, start, steps, lr):
    """Train it each way; return the first and the last loss."""
    f, losses = student.keep_function(network, x=x, target=target), {}
    for recipe in ("float32", "float16", "mixed"):
        batches = list(range(steps))  # all of them the whole sample
        run = student.train(recipe, start, f, batches, lr, interval=25)
        losses[recipe] = [float(run.losses[0]), float(run.losses[-1])]
    return losses


@pytest.mark.task("train", weight=2, core=True)
def test_only_mixed_learns_in_half(student, rng):
    x = rng.uniform(-2, 2, size=(96, 2)).astype(np.float32)
    target = np.sin(x[:, :1]) * np.cos(x[:, 1:])
    start = [
        rng.normal(size=(2, 24)).astype(np.float32),
        (rng.normal(size=(24, 1)) * 0.1).astype(np.float32),
    ]
    losses = train_network(student, x, target, start, steps=40, lr=2.0**15)

    first = losses["float32"][0]
    where = "train, a small network whose gradients are below 2**-24"
    for recipe, low, high in (
        ("float32", 0.0, 0.75 * first),
        ("float16", 0.95 * first, 1.05 * first),
        ("mixed", 0.9 * losses["float32"][1], 1.1 * losses["float32"][1]),
    ):
        last = losses[recipe][1]
        evidence = f"the loss goes from {first:.4f} to {last:.4f}"
        evidence += f", expected {low:.4f} to {high:.4f}"
        inside = bool(low <= last <= high)
        check.true(inside, where=f"{where}, {recipe}", evidence=evidence, look=STEP_8)
