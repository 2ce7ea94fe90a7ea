"""Launches of the conformance kernels, with shapes and blocks drawn at random."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder.kernels.calls import Recorded
from autograder.student.lab.tiles import record
from tests.conformance import kernels, operations

Rng = np.random.Generator
#: Each case is drawn so often.
SEEDS = range(3)


@dataclass
class Launch:
    """One launch: what it is given by name, and which arrays to compare."""

    kernel: Any
    grid: tuple[int, ...]
    given: dict[str, Any]
    outputs: tuple[str, ...] = ("o_ptr",)
    meta: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """A kernel with what draws a launch of it."""

    name: str
    draw: Callable[[Rng], Launch]
    tolerance: float = 0.0

    def recorded(self, seed: int) -> Recorded:
        """Record a launch, as a host function that returns the arrays to compare."""
        launch = self.draw(np.random.default_rng(seed))
        arrays = {k: v for k, v in launch.given.items() if isinstance(v, np.ndarray)}

        def host(*inputs: Any) -> tuple[Any, ...]:
            given = launch.given | dict(zip(arrays, inputs, strict=True))
            launch.kernel[launch.grid](**given, **launch.meta)
            return tuple(given[name] for name in launch.outputs)

        inputs = list(arrays.values())
        return Recorded(record(host, inputs), inputs)


def normal(rng: Rng, *shape: int, dtype: str = "float32") -> Any:
    return rng.standard_normal(shape).astype(dtype)


def zeros(*shape: int, dtype: str = "float32") -> Any:
    return np.zeros(shape, dtype)


def size(rng: Rng, most: int) -> int:
    """Draw a size that fits no tile in particular."""
    return int(rng.integers(1, most + 1))


def block(rng: Rng, *sizes: int) -> int:
    return int(rng.choice(sizes or (16, 32, 64)))


def tiles(length: int, width: int) -> int:
    return -(-length // width)


def add(rng: Rng) -> Launch:
    n, width = size(rng, 200), block(rng)
    given = {"x_ptr": normal(rng, n), "y_ptr": normal(rng, n), "o_ptr": zeros(n)}
    meta = {"BLOCK": width}
    return Launch(kernels.add, (tiles(n, width),), {**given, "n": n}, meta=meta)


def softmax(rng: Rng) -> Launch:
    rows, n = size(rng, 6), size(rng, 40)
    x, o = normal(rng, rows, n) * 30, zeros(rows, n)
    given = {"x_ptr": x, "o_ptr": o, "stride_xm": n, "stride_om": n, "n": n}
    return Launch(kernels.row_softmax, (rows,), given, meta={"BLOCK": 64})


def matmul(dtype: str, swap: bool) -> Callable[[Rng], Launch]:
    def draw(rng: Rng) -> Launch:
        m, n, k = (size(rng, 70) for _ in range(3))
        a, b = normal(rng, m, k, dtype=dtype), normal(rng, k, n, dtype=dtype)
        if swap:
            a = np.ascontiguousarray(a.T).T
        c = zeros(m, n, dtype=dtype)
        strides = [s // x.itemsize for x in (a, b, c) for s in x.strides]
        names = [f"stride_{axes}" for axes in ("am", "ak", "bk", "bn", "cm", "cn")]
        given = {"a_ptr": a, "b_ptr": b, "c_ptr": c, "M": m, "N": n, "K": k}
        given |= dict(zip(names, strides, strict=True))
        bm, bn, bk = block(rng, 16, 32), block(rng, 16, 32), block(rng, 16, 32)
        meta = {"BLOCK_M": bm, "BLOCK_N": bn, "BLOCK_K": bk}
        grid = (tiles(m, bm), tiles(n, bn))
        return Launch(kernels.matmul, grid, given, ("c_ptr",), meta)

    return draw


def transpose(rng: Rng) -> Launch:
    m, n, width = size(rng, 50), size(rng, 50), block(rng, 16, 32)
    given = {"x_ptr": normal(rng, m, n), "o_ptr": zeros(n, m), "M": m, "N": n}
    grid = (tiles(m, width), tiles(n, width))
    return Launch(kernels.transpose, grid, given, meta={"B": width})


def flash(dtype: str, causal: bool) -> Callable[[Rng], Launch]:
    def draw(rng: Rng) -> Launch:
        n, m, d = size(rng, 60), size(rng, 60), block(rng, 16, 32)
        q, k, v = (normal(rng, length, d, dtype=dtype) for length in (n, m, m))
        given = {"q_ptr": q, "k_ptr": k, "v_ptr": v}
        given |= {"o_ptr": zeros(n, d, dtype=dtype), "lse_ptr": zeros(n)}
        given |= {"N": n, "M": m, "scale": float(d) ** -0.5}
        bm, bn = block(rng, 16, 32), block(rng, 16, 32)
        meta = {"D": d, "BLOCK_M": bm, "BLOCK_N": bn, "CAUSAL": causal}
        grid = (tiles(n, bm),)
        return Launch(kernels.flash, grid, given, ("o_ptr", "lse_ptr"), meta)

    return draw


def histogram(rng: Rng) -> Launch:
    n, bins, width = size(rng, 100), size(rng, 20), block(rng)
    x = rng.integers(0, bins, n).astype("int32")
    given = {"x_ptr": x, "bins_ptr": zeros(bins, dtype="int32"), "n": n}
    meta = {"BLOCK": width}
    return Launch(kernels.histogram, (tiles(n, width),), given, ("bins_ptr",), meta)


def gather(rng: Rng) -> Launch:
    h, w, n, width = size(rng, 8), size(rng, 8), size(rng, 60), block(rng)
    at = (rng.random((n, 2)) * 12 - 2).astype("float32")
    given = {"x_ptr": normal(rng, h, w), "at_ptr": at, "o_ptr": zeros(n)}
    given |= {"H": h, "W": w, "n": n}
    meta = {"BLOCK": width}
    return Launch(kernels.gather, (tiles(n, width),), given, meta=meta)


def grid_of_three(rng: Rng) -> Launch:
    x, y, z = (size(rng, 5) for _ in range(3))
    given = {"o_ptr": zeros(x, y, z, dtype="int32"), "X": x, "Y": y, "Z": z}
    return Launch(operations.grid_of_three, (x, y, z), given)


def on_a_vector(kernel: Any) -> Callable[[Rng], Launch]:
    """Draw x and as long an o."""

    def draw(rng: Rng) -> Launch:
        width = block(rng)
        given = {"x_ptr": normal(rng, width), "o_ptr": zeros(width)}
        return Launch(kernel, (1,), given, meta={"B": width})

    return draw


def specials(rng: Rng) -> Launch:
    width = block(rng)
    values = [0.0, -0.0, 1.5, -2.5, 0.5, 65_504, 65_520, 3e38, -3e38, np.inf, -np.inf]
    x, y = (rng.choice([*values, np.nan], width).astype("float32") for _ in range(2))
    given = {"x_ptr": x, "y_ptr": y, "o_ptr": zeros(13, width)}
    return Launch(operations.specials, (1,), given, meta={"B": width})


def integers(rng: Rng) -> Launch:
    width = block(rng)
    a = rng.integers(-40, 40, width).astype("int32")
    b = rng.choice([-7, -3, -1, 1, 2, 8], width).astype("int32")
    given = {"a_ptr": a, "b_ptr": b, "o_ptr": zeros(8, width, dtype="int32")}
    return Launch(operations.integers, (1,), given, meta={"B": width})


def bits(rng: Rng) -> Launch:
    width = block(rng)
    a, b = (rng.integers(-9, 9, width).astype("int32") for _ in range(2))
    given = {"a_ptr": a, "b_ptr": b, "o_ptr": zeros(width, dtype="int32")}
    given["n"] = size(rng, 5)
    return Launch(operations.bits, (1,), given, meta={"B": width})


def shapes(rng: Rng) -> Launch:
    m, n = block(rng, 8, 16, 32), block(rng, 8, 16, 32)
    given = {"x_ptr": normal(rng, m, n), "o_ptr": zeros(m, n)}
    given["s_ptr"] = zeros(m + n, dtype="int32")
    meta = {"M": m, "N": n}
    return Launch(operations.shapes, (1,), given, ("o_ptr", "s_ptr"), meta)


def three_axes(rng: Rng) -> Launch:
    a, b, c = (block(rng, 2, 4, 8) for _ in range(3))
    given = {"x_ptr": normal(rng, a, b, c), "o_ptr": zeros(a * b * c)}
    return Launch(operations.three_axes, (1,), given, meta={"A": a, "B": b, "C": c})


def methods(rng: Rng) -> Launch:
    width = block(rng, 8, 16)
    given = {"x_ptr": normal(rng, width, width), "o_ptr": zeros(width, width)}
    given["s_ptr"] = zeros(width, dtype="int32")
    meta = {"B": width}
    return Launch(operations.methods, (1,), given, ("o_ptr", "s_ptr"), meta)


def reductions(rng: Rng) -> Launch:
    m, n = block(rng, 4, 16), block(rng, 8, 32)
    x = rng.integers(-9, 9, (m, n)).astype("float32")  # with ties: the first counts
    given = {"x_ptr": x, "f_ptr": zeros(m + n + m * n)}
    given["i_ptr"] = zeros(m + n, dtype="int32")
    meta = {"M": m, "N": n}
    return Launch(operations.reductions, (1,), given, ("f_ptr", "i_ptr"), meta)


def dtypes(rng: Rng) -> Launch:
    width = block(rng)
    given = {"h_ptr": normal(rng, width, dtype="float16"), "f_ptr": normal(rng, width)}
    given["i_ptr"] = rng.integers(-9, 9, width).astype("int32")
    given["b_ptr"] = rng.integers(0, 2, width).astype("bool")
    given |= {"o_ptr": zeros(11, width), "scale": 0.3}
    return Launch(operations.dtypes, (1,), given, meta={"B": width})


def conversions(rng: Rng) -> Launch:
    width = block(rng)
    given: dict[str, Any] = {
        f"{letter}_ptr": rng.integers(-100, 100, width).astype(dtype)
        for letter, dtype in (("b", "int8"), ("s", "int16"), ("l", "int64"))
    }
    given["d_ptr"] = rng.random(width) * 200 - 100
    given["o_ptr"] = zeros(12, width, dtype="float64")
    return Launch(operations.conversions, (1,), given, meta={"B": width})


def products(rng: Rng) -> Launch:
    width, inner = block(rng, 16, 32), block(rng, 16, 32)
    given = {"h_ptr": normal(rng, width, inner, dtype="float16")}
    given["d_ptr"] = normal(rng, width, inner, dtype="float64")
    given["o_ptr"] = zeros(width, width)
    given["w_ptr"] = zeros(width, width, dtype="float64")
    meta = {"B": width, "K": inner}
    return Launch(operations.products, (1,), given, ("o_ptr", "w_ptr"), meta)


def atomics(rng: Rng) -> Launch:
    n, places, width = size(rng, 100), size(rng, 20), block(rng)
    at = rng.integers(0, places, n).astype("int32")
    v = rng.integers(-9, 9, n).astype("float32")  # sums are exact in any order
    given = {"at_ptr": at, "v_ptr": v, "f_ptr": zeros(places)}
    given["i_ptr"] = zeros(places, dtype="int32")
    given |= {"old_ptr": normal(rng, 2 * n), "n": n}
    outputs, meta = ("f_ptr", "i_ptr", "old_ptr"), {"B": width}
    return Launch(operations.atomics, (tiles(n, width),), given, outputs, meta)


def hints(rng: Rng) -> Launch:
    width = block(rng)
    given = {"x_ptr": normal(rng, width), "o_ptr": zeros(width), "n": size(rng, width)}
    return Launch(operations.hints, (1,), given, meta={"B": width})


def counting(rng: Rng) -> Launch:
    width, n, m = block(rng), size(rng, 4), 3 + size(rng, 9)
    given = {"x_ptr": normal(rng, width), "o_ptr": zeros(width), "n": n, "m": m}
    return Launch(operations.counting, (1,), given, meta={"B": width})


def branches(with_bias: bool) -> Callable[[Rng], Launch]:
    def draw(rng: Rng) -> Launch:
        n = size(rng, 9)
        bias = normal(rng, 1) if with_bias else None
        given = {"x_ptr": normal(rng, n), "o_ptr": zeros(n), "n": n, "bias_ptr": bias}
        return Launch(operations.branches, (n + 2,), given, meta={"STEPS": 3})

    return draw


CASES = [
    Case("vector add", add),
    Case("row softmax", softmax, 1e-6),
    Case("matmul", matmul("float32", swap=False), 1e-5),
    Case("matmul, a transposed in memory", matmul("float32", swap=True), 1e-5),
    Case("matmul, fp16 in, fp32 sums", matmul("float16", swap=False), 2e-2),
    Case("transpose", transpose),
    Case("flash forward", flash("float32", causal=False), 1e-5),
    Case("flash forward, causal", flash("float32", causal=True), 1e-5),
    Case("flash forward, fp16", flash("float16", causal=False), 4e-3),
    Case("histogram by atomics", histogram),
    Case("masked gathers", gather, 1e-6),
    Case("a grid of three axes", grid_of_three),
    Case("helpers and static_range", on_a_vector(operations.helpers), 1e-6),
    Case("elementwise functions", on_a_vector(operations.mathematics), 1e-5),
    Case("NaN, infinities, zeros and the largest", specials, 1e-5),
    Case("integers divide towards zero and wrap", integers),
    Case("comparisons and bits", bits),
    Case("shapes and reductions", shapes, 1e-5),
    Case("blocks of three axes", three_axes, 1e-5),
    Case("methods of a block", methods, 1e-5),
    Case("reductions, and where the extremes are", reductions),
    Case("promotion between dtypes", dtypes, 2e-3),
    Case("narrow and wide dtypes", conversions, 1e-6),
    Case("products of float16 and float64", products, 2e-2),
    Case("atomics, and what was there before", atomics),
    Case("hints, printing, Python's functions", hints, 1e-6),
    Case("loops in loops, tuples, constants", counting, 1e-5),
    Case("branches, while, early return", branches(with_bias=True), 1e-6),
    Case("branches without an optional pointer", branches(with_bias=False), 1e-6),
]
