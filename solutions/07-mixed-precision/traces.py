"""Recompute the figures' data and the numbers that the chapter of lesson 07 claims."""

import bisect
import functools
import importlib.util
import itertools
import math
import random
import types
from pathlib import Path
from typing import Any

import numpy as np
import reference

#: The toy network: inputs, two hidden layers, classes, rows, and the seed of its draws.
LAYERS, ROWS, SEED = (16, 160, 160, 10), 4096, 7
#: The network of the exercise's last cell, at a quarter of its step size.
COUNT, RATE, STEPS, INTERVAL = 2**25, 2.0**12, 1500, 50
EVERY = 10
GOLDEN = (1, 1, 1, math.inf, 1, 1, math.nan, 1, 1, 1)


def half(number: float) -> float:
    """Round a number to float16 with the reference, through float32."""
    bits = reference.f32_to_f16_bits(reference.bits_of([number]))
    return float(reference.floats_of(reference.f16_bits_to_f32(bits))[0])


def brain(number: float) -> float:
    """Round a number to bfloat16 with the reference, through float32."""
    bits = reference.f32_to_bf16_bits(reference.bits_of([number]))
    return float(reference.floats_of(bits.astype(np.uint32) << 16)[0])


# --- gradients of a toy network -------------------------------------------------------


@functools.cache
def toy_gradients(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return gradients with respect to the hidden activations of a 3-layer tanh MLP.

    Weights are normal with variance 1 / inputs, rows standard normal, labels uniform;
    the loss is the mean cross-entropy over the rows. All of it in float64, so that the
    shares do not depend on the order in which a library adds.
    """
    rng = np.random.default_rng(seed)
    shapes = itertools.pairwise(LAYERS)
    w1, w2, w3 = (rng.standard_normal(s) / np.sqrt(s[0]) for s in shapes)
    x = rng.standard_normal((ROWS, LAYERS[0]))
    labels = rng.integers(0, LAYERS[-1], ROWS)
    h1 = np.tanh(x @ w1)
    h2 = np.tanh(h1 @ w2)
    logits = h2 @ w3
    p = np.exp(logits - logits.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    p[np.arange(ROWS), labels] -= 1
    d_h2 = p / ROWS @ w3.T
    d_h1 = d_h2 * (1 - h2 * h2) @ w2.T
    return d_h1.astype(np.float32), d_h2.astype(np.float32)


@functools.cache
def toy_sizes(seed: int) -> np.ndarray:
    """Return the sizes of all gradients, in ascending order."""
    return np.sort(np.abs(np.concatenate([g.ravel() for g in toy_gradients(seed)])))


def toy_report(scale: float, seed: int = SEED) -> reference.Underflow:
    """Report on all gradients, asking the reference only near the borders.

    The place of a gradient rises with its size: so a bisection finds the border.
    """
    sizes = toy_sizes(seed)

    def place(k: int) -> int:
        return reference.underflow_report([sizes[k : k + 1]], scale).index(1)

    places = range(len(reference.Underflow._fields))
    starts = [bisect.bisect_left(range(sizes.size), p, key=place) for p in places]
    ends = [*starts[1:], sizes.size]
    return reference.Underflow(*(b - a for a, b in zip(starts, ends, strict=True)))


def shares(scale: float, seed: int = SEED) -> tuple[float, float, float]:
    """Return the percentages that a scale leaves zeroed, subnormal and infinite."""
    seen = toy_report(scale, seed)
    return tuple(100 * n / sum(seen) for n in (seen.zeroed, seen.subnormal, seen.inf))


def histogram() -> dict[str, Any]:
    """Return how many gradients lie in each octave [2^k, 2^(k+1)), from `low` on."""
    sizes = toy_sizes(SEED)
    octave = np.frexp(sizes[sizes > 0])[1] - 1
    low = int(octave.min())
    reports = [toy_report(2.0**k) for k in range(41)]
    # Once with all of them, as a check of the bisection.
    assert toy_report(8.0) == reference.underflow_report(toy_gradients(SEED), 8.0)
    return {
        "low": low,
        "counts": np.bincount(octave - low).tolist(),
        "zeros": int((sizes == 0).sum()),
        "reports": [[r.zeroed, r.subnormal, r.inf] for r in reports],
        "best": int(math.log2(reference.best_scale(toy_gradients(SEED)))),
    }


# --- the scaler -----------------------------------------------------------------------


def golden() -> dict[str, Any]:
    """Run the loss scaler over ten gradients."""
    weight = reference.Parameter(np.ones(1, dtype=np.float32))
    sgd = reference.SGD([weight], lr=0.125)
    scaler = reference.LossScaler(init=8.0, interval=3)
    rows, taken = [], 0
    for gradient in GOLDEN:
        before = float(weight.value[0])
        scaled = np.float32(scaler.scale(float(gradient)))
        weight.grad = np.array([scaled], dtype=np.float32)
        scaler.step(sgd)
        scaler.update()
        taken += float(weight.value[0]) != before
        rows.append([scaler.get_scale(), scaler.get_tracker()])
    return {"rows": rows, "taken": taken}


# --- a network trained three ways -----------------------------------------------------


def network(weights, batch, number):
    """Return loss and gradients of a tanh network with one hidden layer.

    Products are added up in float64 and rounded once to the dtype of the weights, so
    that the curves are the same on every machine.
    """
    dtype = weights[0].dtype

    def near(values):
        return np.asarray(values).astype(dtype).astype(np.float64)

    x, target, first, second = (near(a) for a in (*batch, *weights))
    hidden = near(np.tanh(near(x @ first)))
    error = near(near(hidden @ second) - target)
    d_out = near(error * near(number / COUNT))
    d_hidden = near(near(d_out @ second.T) * near(1 - near(hidden * hidden)))
    loss = float(np.mean(error**2) / 2)
    return loss, [(x.T @ d_hidden).astype(dtype), (hidden.T @ d_out).astype(dtype)]


def problem():
    """Return the batch and the first weights of the exercise's last cell."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-2, 2, size=(256, 2)).astype(np.float32)
    target = np.sin(2 * x[:, :1]) * np.cos(x[:, 1:])
    first = rng.normal(size=(2, 32)).astype(np.float32)
    second = rng.normal(size=(32, 1)).astype(np.float32) * np.float32(0.2)
    return (x, target), [first, second]


@functools.cache
def trained(recipe: str):
    """Train by one of the three recipes."""
    batch, start = problem()
    return reference.train(
        recipe, start, network, [batch] * STEPS, RATE, interval=INTERVAL
    )


@functools.cache
def without(part: str) -> list[float]:
    """Return the losses of the mixed recipe without its "scale" or its "master"."""
    batch, start = problem()
    params = [reference.Parameter(w) for w in start]
    sgd = reference.SGD(params, RATE)
    init, interval = (1.0, 10**9) if part == "scale" else (2.0**16, INTERVAL)
    scaler = reference.LossScaler(init=init, interval=interval)
    losses = []
    for _ in range(STEPS):
        if part == "master":
            for p in params:
                p.value = p.value.astype(np.float16).astype(np.float32)
        losses.append(reference.mp_train_step(params, [batch], network, scaler, sgd))
    return losses


def training() -> dict[str, Any]:
    """Return five loss curves, and what the scale did."""
    curves = {name: trained(name).losses for name in ("float32", "float16", "mixed")}
    curves |= {f"no_{part}": without(part) for part in ("master", "scale")}
    scales = [int(math.log2(scale)) for scale in trained("mixed").scales]
    before = [16, *scales[:-1]]
    return {
        "every": EVERY,
        "steps": STEPS,
        "interval": INTERVAL,
        "curves": {
            name: [float(f"{loss:.3g}") for loss in losses[::EVERY]]
            for name, losses in curves.items()
        },
        "grown": [k for k in range(STEPS) if scales[k] > before[k]],
        "skipped": [k for k in range(STEPS) if scales[k] < before[k]],
    }


# --- what the audit asks for ----------------------------------------------------------


def rounded() -> list[list[int]]:
    """Return float32 patterns with their float16 and bfloat16 patterns."""
    sizes = [0.1, 2049, 2051, 65519.99, 65520, 1e6, 2**-24, 2**-25, 2**-26, 3 * 2**-26]
    sizes += [2**-25 * (1 + 1e-6), 2**-14, 2**-14 - 2**-25, 2**-14 - 2**-26, 1 / 3]
    sizes += [1 + 2**-11, 1 + 3 * 2**-11, 1 - 2**-12, 257, 259]
    sizes += [3.3895e38, 3.4e38, 9e-41]
    draw = random.Random(SEED)
    sizes += [math.ldexp(1 + draw.random(), draw.randint(-28, 16)) for _ in range(24)]
    wide = reference.bits_of([s for size in sizes for s in (size, -size)])
    narrow = (reference.f32_to_f16_bits(wide), reference.f32_to_bf16_bits(wide))
    return np.stack([wide, *narrow], axis=1).tolist()


def figure() -> dict[str, Any]:
    """Return the data of the four figures."""
    return {
        "round": rounded(),
        "gradients": histogram(),
        "golden": golden(),
        "training": training(),
    }


def percent(share: float) -> str:
    """Write a percentage with two digits, or three above 10."""
    return f"{share:.3g} %" if share > 10 else f"{share:.2g} %"


def short(number: float) -> str:
    """Write a number with five digits, such as 5.9605e-8."""
    mantissa, _, exponent = f"{number:.5g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def format_claims() -> dict[str, str]:
    """Return the table of step 1: largest, smallest normal and subnormal, gap after 1.

    The sixteen-bit columns are read off patterns that the reference widens or cuts.
    """
    found = {}
    for name, kind in (("float64", np.float64), ("float32", np.float32)):
        info = np.finfo(kind)
        found[name] = (info.max, info.tiny, info.smallest_subnormal, info.eps)
    narrow = np.array([0x7BFF, 0x0400, 0x0001, 0x3C00, 0x3C01], dtype=np.uint16)
    small = reference.floats_of(reference.f16_bits_to_f32(narrow))
    wide = np.array([0x7F7F, 0x0080, 0x0001, 0x3F80, 0x3F81], dtype=np.uint32) << 16
    assert (reference.f32_to_bf16_bits(wide) == wide >> 16).all()
    for name, seen in (("float16", small), ("bfloat16", reference.floats_of(wide))):
        found[name] = (*seen[:3], seen[4] - seen[3])
    rows = ("max", "normal", "tiny", "eps")
    return {
        f"{row}_{name}": short(float(value))
        for name, values in found.items()
        for row, value in zip(rows, values, strict=True)
    }


def rounding_claims() -> dict[str, str]:
    """Return the numbers of steps 1 and 2."""
    every = np.arange(2**16, dtype=np.uint16)
    values = reference.floats_of(reference.f16_bits_to_f32(every))
    finite = values[np.isfinite(values)]
    shown = [0.1, 2**-25 * (1 + 1e-6), 5.75 * 2**-24]
    tenth, above, small = reference.f32_to_f16_bits(reference.bits_of(shown))
    return {
        **format_claims(),
        "finite": f"{finite.size:,}",
        "tenth": repr(half(0.1)),
        "tenth_bits": f"{tenth:04x}",
        "below_edge": f"{half(65519.99):g}",
        "at_edge": f"{half(65520.0):g}",
        "tie_to_zero": f"{half(2**-25):g}",
        "above_tie": f"{above:04x}",
        "small_bits": f"{small:04x}",
        "stays": f"{half(2049.0):g}",
        "moves": f"{half(2051.0):g}",
        "one_up": f"{half(1 + 2**-11):g}",
        "two_up": f"{half(1 + 3 * 2**-11):.4g}",
        "one_down": f"{half(1 - 2**-12):g}",
        "tenth_brain": repr(brain(0.1)),
    }


def sum_claims() -> dict[str, str]:
    """Return the table of step 3, and where sums of ones stop."""
    add = reference.accumulate
    found = {}
    for name in ("float16", "bfloat16", "float32"):
        for how in ("naive", "pairwise", "kahan", "fp32"):
            found[f"{name}_{how}"] = f"{add([0.01] * 1000, name, how):.7g}"
    found["ones_half"] = f"{add([1.0] * 3000, 'float16', 'naive'):g}"
    found["kahan_step"] = f"{add([2048.0, 1.0, 1.0], 'float16', 'kahan'):g}"
    found["ones_brain"] = f"{add([1.0] * 3000, 'bfloat16', 'naive'):g}"
    return found


def gradient_claims() -> dict[str, str]:
    """Return the table of step 4."""
    found = {
        "layers": "-".join(map(str, LAYERS)),
        "rows": f"{ROWS:,}",
        "seed": str(SEED),
        "median": f"{np.log2(np.median(toy_sizes(SEED).astype(np.float64))):.1f}",
    }
    for scale in (1, 8, 128, 65536):
        zeroed, subnormal, _ = shares(scale)
        found[f"zeroed_{scale}"] = percent(zeroed)
        found[f"subnormal_{scale}"] = percent(subnormal)
    others = [shares(1, seed)[0] for seed in range(5)]
    found["zeroed_least"], found["zeroed_most"] = (
        f"{bound(others):.2f}" for bound in (min, max)
    )
    best = int(math.log2(reference.best_scale(toy_gradients(SEED))))
    found["best_scale"] = str(best)
    found["inf_above"] = str(toy_report(2.0 ** (best + 1)).inf)
    return found


def step_claims() -> dict[str, str]:
    """Return the numbers of steps 5 to 7."""
    trace = golden()
    narrow = wide = np.float32(1)
    for _ in range(1000):
        narrow = np.float32(half(float(narrow) + 2**-12))
        wide = wide + np.float32(2**-12)
    bytes_of = functools.partial(reference.memory_model, 1, 0)
    model = {
        recipe: reference.memory_model(10**9, 5 * 10**9, recipe)["total"]
        for recipe in ("float32", "mixed")
    }
    return {
        **{f"golden_{k}": f"({s:g},{n})" for k, (s, n) in enumerate(trace["rows"], 1)},
        "golden_taken": str(trace["taken"]),
        "drift_half": f"{narrow:g}",
        "drift_master": f"{wide:.4f}",
        "bytes_float32": str(bytes_of("float32")["total"]),
        "bytes_mixed": str(bytes_of("mixed")["total"]),
        "total_float32": f"{model['float32'] / 1e9:g}",
        "total_mixed": f"{model['mixed'] / 1e9:g}",
    }


def slow() -> types.ModuleType:
    """Return the chapter's slow way, from the file that the chapter includes."""
    lesson = Path(__file__).resolve().parent.name
    path = Path(__file__).resolve().parents[2] / "course" / lesson / "slow.py"
    spec = importlib.util.spec_from_file_location("slow", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def slow_claims() -> dict[str, str]:
    """Return how many gradients are zero in the slow way, and in float32."""
    batch, start = problem()
    seen: list[np.ndarray] = []

    def watched(weights, batch, number):
        loss, grads = network(weights, batch, number)
        seen.extend(grads)
        return loss, grads

    slow().naive_step(start, batch, watched, RATE)
    _, wide = network(start, batch, 1.0)
    return {
        "naive_zero": str(sum(int((g == 0).sum()) for g in seen)),
        "naive_all": str(sum(g.size for g in seen)),
        "naive_zero32": str(sum(int((g == 0).sum()) for g in wide)),
    }


def training_claims() -> dict[str, str]:
    """Return the numbers of step 8."""
    found = {"loss_start": f"{trained('float16').losses[0]:.4f}"}
    for name in ("float32", "float16", "mixed"):
        found[f"loss_{name}"] = f"{trained(name).losses[-1]:.4f}"
    found["loss_no_master"] = f"{without('master')[-1]:.4f}"
    found["loss_no_scale"] = f"{without('scale')[-1]:.4f}"
    found["skipped"] = str(trained("mixed").skipped)
    found["top_scale"] = f"{math.log2(max(trained('mixed').scales)):g}"
    return found


def claims() -> dict[str, str]:
    """Return the text of each measured number in the chapter."""
    return {
        **rounding_claims(),
        **sum_claims(),
        **gradient_claims(),
        **step_claims(),
        **slow_claims(),
        **training_claims(),
    }
