"""Kernels that must mean the same on the simulator, on Triton's interpreter and on a
GPU: each is run on both of the first and compiled for the third."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder.student.lab.tiles import tl, triton

LOG2E = tl.constexpr(1.4426950408889634)


@triton.jit
def add(x_ptr, y_ptr, o_ptr, n, BLOCK: tl.constexpr):
    pid = tl.program_id(axis=0)
    offs = pid * BLOCK + tl.arange(0, BLOCK)
    mask = offs < n
    x = tl.load(x_ptr + offs, mask=mask)
    y = tl.load(y_ptr + offs, mask=mask)
    tl.store(o_ptr + offs, x + y, mask=mask)


@triton.jit
def row_softmax(x_ptr, o_ptr, stride_xm, stride_om, n, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    offs = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * stride_xm + offs, mask=offs < n, other=-float("inf"))
    e = tl.exp(x - tl.max(x, axis=0))
    tl.store(o_ptr + row * stride_om + offs, e / tl.sum(e, axis=0), mask=offs < n)


@triton.jit
def matmul(
    a_ptr, b_ptr, c_ptr, M, N, K,
    stride_am, stride_ak, stride_bk, stride_bn, stride_cm, stride_cn,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr,
):  # fmt: skip
    offs_m = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    offs_n = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    offs_k = tl.arange(0, BLOCK_K)
    a_ptrs = a_ptr + offs_m[:, None] * stride_am + offs_k[None, :] * stride_ak
    b_ptrs = b_ptr + offs_k[:, None] * stride_bk + offs_n[None, :] * stride_bn
    acc = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
    for k in range(0, tl.cdiv(K, BLOCK_K)):
        left = K - k * BLOCK_K
        a = tl.load(a_ptrs, (offs_m[:, None] < M) & (offs_k[None, :] < left), 0.0)
        b = tl.load(b_ptrs, (offs_k[:, None] < left) & (offs_n[None, :] < N), 0.0)
        acc = tl.dot(a, b, acc, input_precision="ieee")
        a_ptrs += BLOCK_K * stride_ak
        b_ptrs += BLOCK_K * stride_bk
    c_ptrs = c_ptr + offs_m[:, None] * stride_cm + offs_n[None, :] * stride_cn
    mask = (offs_m[:, None] < M) & (offs_n[None, :] < N)
    tl.store(c_ptrs, acc.to(c_ptr.dtype.element_ty), mask=mask)


@triton.jit
def transpose(x_ptr, o_ptr, M, N, B: tl.constexpr):
    rows = tl.program_id(0) * B + tl.arange(0, B)
    cols = tl.program_id(1) * B + tl.arange(0, B)
    x = tl.load(
        x_ptr + rows[:, None] * N + cols[None, :],
        mask=(rows[:, None] < M) & (cols[None, :] < N),
        other=0,
    )
    keep = (cols[:, None] < N) & (rows[None, :] < M)
    tl.store(o_ptr + cols[:, None] * M + rows[None, :], x.T, mask=keep)


@triton.jit
def flash(
    q_ptr, k_ptr, v_ptr, o_ptr, lse_ptr, N, M, scale,
    D: tl.constexpr, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, CAUSAL: tl.constexpr,
):  # fmt: skip
    pid = tl.program_id(0)
    offs_m = pid * BLOCK_M + tl.arange(0, BLOCK_M)
    offs_d = tl.arange(0, D)
    q_ptrs = q_ptr + offs_m[:, None] * D + offs_d[None, :]
    q = tl.load(q_ptrs, mask=offs_m[:, None] < N, other=0.0)
    m_i = tl.full([BLOCK_M], -float("inf"), dtype=tl.float32)
    l_i = tl.zeros([BLOCK_M], dtype=tl.float32)
    acc = tl.zeros([BLOCK_M, D], dtype=tl.float32)
    end = M
    if CAUSAL:
        end = min(M, (pid + 1) * BLOCK_M)
    for start in range(0, end, BLOCK_N):
        offs_n = start + tl.arange(0, BLOCK_N)
        kv = offs_n[:, None] * D + offs_d[None, :]
        k = tl.load(k_ptr + kv, mask=offs_n[:, None] < M, other=0.0)
        v = tl.load(v_ptr + kv, mask=offs_n[:, None] < M, other=0.0)
        s = tl.dot(q, tl.trans(k), input_precision="ieee") * scale
        keep = offs_n[None, :] < M
        if CAUSAL:
            keep = keep & (offs_m[:, None] >= offs_n[None, :])
        s = tl.where(keep, s, -float("inf"))
        m_new = tl.maximum(m_i, tl.max(s, 1))
        alpha = tl.exp2((m_i - m_new) * LOG2E)
        p = tl.exp2((s - m_new[:, None]) * LOG2E)
        l_i = l_i * alpha + tl.sum(p, 1)
        pv = tl.dot(p.to(v.dtype), v, input_precision="ieee")
        acc = acc * alpha[:, None] + pv
        m_i = m_new
    o = acc / l_i[:, None]
    o_ptrs = o_ptr + offs_m[:, None] * D + offs_d[None, :]
    tl.store(o_ptrs, o.to(o_ptr.dtype.element_ty), mask=offs_m[:, None] < N)
    tl.store(lse_ptr + offs_m, m_i + tl.log(l_i), mask=offs_m < N)


@triton.jit
def histogram(x_ptr, bins_ptr, n, BLOCK: tl.constexpr):
    offs = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + offs, mask=offs < n, other=0)
    tl.atomic_add(bins_ptr + x, 1, mask=offs < n)


@triton.jit
def grid_of_three(o_ptr, X, Y, Z):
    x, y, z = tl.program_id(0), tl.program_id(1), tl.program_id(2)
    size = tl.num_programs(0) * 100 + tl.num_programs(1) * 10 + tl.num_programs(2)
    tl.store(o_ptr + (x * Y + y) * Z + z, size * 1000 + x * 100 + y * 10 + z)


@triton.jit
def square_plus(x, y):
    return x * x + y


@triton.jit
def both_ends(x):
    return tl.min(x, 0), tl.max(x, 0)


@triton.jit
def helpers(x_ptr, o_ptr, B: tl.constexpr):
    offs = tl.arange(0, B)
    x = tl.load(x_ptr + offs)
    low, high = both_ends(x)
    y = square_plus(x, 1.0)
    for i in tl.static_range(3):
        y = square_plus(y, low) * 0.5 + i
    tl.store(o_ptr + offs, y + high)


@triton.jit
def mathematics(x_ptr, o_ptr, B: tl.constexpr):
    offs = tl.arange(0, B)
    x = tl.load(x_ptr + offs)
    a = tl.abs(x) + 0.5
    y = tl.exp(-a) + tl.exp2(-a) + tl.log(a) + tl.log2(a) + tl.sqrt(a) + tl.rsqrt(a)
    y += tl.sin(x) + tl.cos(x) + tl.floor(x) + tl.ceil(x)
    y += tl.maximum(x, 0.25) - tl.minimum(x, -0.25) + tl.clamp(x, -1.0, 1.0)
    y += tl.where(x > 0, x, 0.0) + tl.where(x > 0, 1, -1) + (x > 0)
    y += tl.fma(x, x, a) + x / 3 + 3 / a + x % 0.7
    tl.store(o_ptr + offs, y)


@triton.jit
def integers(a_ptr, b_ptr, o_ptr, B: tl.constexpr):
    offs = tl.arange(0, B)
    a = tl.load(a_ptr + offs)
    b = tl.load(b_ptr + offs)
    tl.store(o_ptr + offs, a // b)
    tl.store(o_ptr + B + offs, a % b)
    tl.store(o_ptr + 2 * B + offs, (a & b) ^ (a | 5))
    tl.store(o_ptr + 3 * B + offs, (a << 2) + (a >> 1) + ~b)
    tl.store(o_ptr + 4 * B + offs, -a + tl.cdiv(tl.abs(a), 3))
    tl.store(o_ptr + 5 * B + offs, ((a > b) | (a == 3)) & (b != 2))
    tl.store(o_ptr + 6 * B + offs, a * 100000 * 100000)
    tl.store(o_ptr + 7 * B + offs, (a / b * 1000).to(tl.int32))


@triton.jit
def shapes(x_ptr, o_ptr, s_ptr, M: tl.constexpr, N: tl.constexpr):
    rows = tl.arange(0, M)
    cols = tl.arange(0, N)
    x = tl.load(x_ptr + rows[:, None] * N + cols[None, :])
    y = tl.reshape(tl.trans(x), (M, N))
    y = y + tl.broadcast_to(tl.expand_dims(tl.sum(x, 0), 0), (M, N))
    y = y + tl.sum(x, axis=1, keep_dims=True) + tl.permute(x.T, (1, 0)) + tl.sum(x)
    y += tl.zeros_like(x) + cols
    tl.store(o_ptr + rows[:, None] * N + cols[None, :], y)
    tl.store(s_ptr + rows, tl.argmax(x, 1) * 100 + tl.argmin(x, axis=1))
    tl.store(s_ptr + M + cols, tl.cumsum(cols, 0))


@triton.jit
def dtypes(h_ptr, f_ptr, i_ptr, b_ptr, o_ptr, scale, B: tl.constexpr):
    offs = tl.arange(0, B)
    h = tl.load(h_ptr + offs)
    f = tl.load(f_ptr + offs)
    i = tl.load(i_ptr + offs)
    b = tl.load(b_ptr + offs)
    tl.store(o_ptr + offs, h * 1.001)
    tl.store(o_ptr + B + offs, h * f)
    tl.store(o_ptr + 2 * B + offs, h * scale)
    tl.store(o_ptr + 3 * B + offs, h / 3)
    tl.store(o_ptr + 4 * B + offs, i * 0.1)
    tl.store(o_ptr + 5 * B + offs, i * h)
    tl.store(o_ptr + 6 * B + offs, tl.where(b, f, h))
    tl.store(o_ptr + 7 * B + offs, tl.sum(h, 0) + tl.max(h, 0))
    tl.store(o_ptr + 8 * B + offs, b + b)
    tl.store(o_ptr + 9 * B + offs, (f * 1000).to(tl.float16).to(tl.int32) + b)
    tl.store(o_ptr + 10 * B + offs, i + 2147483647)


@triton.jit
def branches(x_ptr, o_ptr, n, STEPS: tl.constexpr, bias_ptr=None):
    pid = tl.program_id(0)
    if pid >= n:
        return
    x = tl.load(x_ptr + pid)
    total = 0.0
    if bias_ptr is not None and STEPS > 2:
        total += tl.load(bias_ptr)
    i = 0
    while i * i < pid:
        total += x
        i += 1
    if x > 0 and pid > 1:
        total = total * 2
    elif not (x > -1):
        total = total - 1.0
    else:
        total += 0.25
    for j in range(pid, 0, -2):
        total += j
    for j in tl.range(0, STEPS, num_stages=2):
        total += j * (x if pid > 2 else -x)
    tl.store(o_ptr + pid, total)


@triton.jit
def gather(x_ptr, at_ptr, o_ptr, H, W, n, BLOCK: tl.constexpr):
    offs = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    live = offs < n
    y = tl.load(at_ptr + 2 * offs, mask=live, other=0.0)
    x = tl.load(at_ptr + 2 * offs + 1, mask=live, other=0.0)
    y0 = tl.floor(y).to(tl.int32)
    x0 = tl.floor(x).to(tl.int32)
    out = tl.zeros([BLOCK], dtype=tl.float32)
    for dy in tl.static_range(2):
        for dx in tl.static_range(2):
            yy, xx = y0 + dy, x0 + dx
            w = (1 - tl.abs(y - yy)) * (1 - tl.abs(x - xx))
            inside = (yy >= 0) & (yy < H) & (xx >= 0) & (xx < W)
            out += w * tl.load(x_ptr + yy * W + xx, mask=live & inside, other=0.0)
    tl.store(o_ptr + offs, out, mask=live)


@dataclass
class Case:
    """One launch: `outputs` names the arguments to compare."""

    name: str
    kernel: Any
    grid: tuple[int, ...]
    arguments: Callable[[np.random.Generator], dict[str, Any]]
    outputs: tuple[str, ...]
    tolerance: float = 0.0
    meta: dict[str, Any] = field(default_factory=dict)


def normal(rng: np.random.Generator, *shape: int, dtype: str = "float32") -> Any:
    return rng.standard_normal(shape).astype(dtype)


def matmul_case(name: str, m: int, n: int, k: int, dtype: str, swap: bool) -> Case:
    def arguments(rng: np.random.Generator) -> dict[str, Any]:
        a, b = normal(rng, m, k, dtype=dtype), normal(rng, k, n, dtype=dtype)
        if swap:
            a = np.ascontiguousarray(a.T).T
        c = np.zeros((m, n), "float32" if dtype == "float32" else dtype)
        strides = [s // x.itemsize for x in (a, b, c) for s in x.strides]
        names = [f"stride_{axes}" for axes in ("am", "ak", "bk", "bn", "cm", "cn")]
        values = dict(zip(names, strides, strict=True))
        return {"a_ptr": a, "b_ptr": b, "c_ptr": c, "M": m, "N": n, "K": k, **values}

    meta = {"BLOCK_M": 32, "BLOCK_N": 16, "BLOCK_K": 16}
    grid = (-(-m // 32), -(-n // 16))
    tolerance = 1e-5 if dtype == "float32" else 2e-2
    return Case(name, matmul, grid, arguments, ("c_ptr",), tolerance, meta)


def flash_case(name: str, n: int, m: int, d: int, causal: bool, dtype: str) -> Case:
    def arguments(rng: np.random.Generator) -> dict[str, Any]:
        q, k, v = (normal(rng, size, d, dtype=dtype) for size in (n, m, m))
        o, lse = np.zeros((n, d), dtype), np.zeros(n, "float32")
        ptrs = {"q_ptr": q, "k_ptr": k, "v_ptr": v, "o_ptr": o, "lse_ptr": lse}
        return {**ptrs, "N": n, "M": m, "scale": float(d) ** -0.5}

    meta = {"D": d, "BLOCK_M": 32, "BLOCK_N": 16, "CAUSAL": causal}
    tolerance = 1e-5 if dtype == "float32" else 4e-3
    grid = (-(-n // 32),)
    return Case(name, flash, grid, arguments, ("o_ptr", "lse_ptr"), tolerance, meta)


CASES = [
    Case(
        "vector add, ragged", add, (7,),
        lambda r: {"x_ptr": normal(r, 100), "y_ptr": normal(r, 100),
                   "o_ptr": np.zeros(100, "float32"), "n": 100},
        ("o_ptr",), meta={"BLOCK": 16},
    ),
    Case(
        "row softmax", row_softmax, (5,),
        lambda r: {"x_ptr": normal(r, 5, 27) * 30,
                   "o_ptr": np.zeros((5, 27), "float32"),
                   "stride_xm": 27, "stride_om": 27, "n": 27},
        ("o_ptr",), 1e-6, {"BLOCK": 32},
    ),
    matmul_case("matmul, masks on every side", 45, 37, 50, "float32", swap=False),
    matmul_case("matmul, a transposed in memory", 64, 16, 48, "float32", swap=True),
    matmul_case("matmul, fp16 in, fp32 sums", 33, 20, 64, "float16", swap=False),
    Case(
        "transpose", transpose, (3, 2),
        lambda r: {"x_ptr": normal(r, 40, 23), "o_ptr": np.zeros((23, 40), "float32"),
                   "M": 40, "N": 23},
        ("o_ptr",), meta={"B": 16},
    ),
    flash_case("flash forward, ragged", 100, 77, 16, False, "float32"),
    flash_case("flash forward, causal", 100, 100, 32, True, "float32"),
    flash_case("flash forward, causal, more keys", 40, 70, 16, True, "float32"),
    flash_case("flash forward, fp16", 64, 50, 64, False, "float16"),
    Case(
        "histogram by atomics", histogram, (4,),
        lambda r: {"x_ptr": r.integers(0, 5, 50).astype("int32"),
                   "bins_ptr": np.zeros(5, "int32"), "n": 50},
        ("bins_ptr",), meta={"BLOCK": 16},
    ),
    Case(
        "a grid of three axes", grid_of_three, (2, 3, 4),
        lambda r: {"o_ptr": np.zeros((2, 3, 4), "int32"), "X": 2, "Y": 3, "Z": 4},
        ("o_ptr",),
    ),
    Case(
        "helpers and static_range", helpers, (1,),
        lambda r: {"x_ptr": normal(r, 32), "o_ptr": np.zeros(32, "float32")},
        ("o_ptr",), 1e-6, {"B": 32},
    ),
    Case(
        "elementwise functions", mathematics, (1,),
        lambda r: {"x_ptr": normal(r, 64), "o_ptr": np.zeros(64, "float32")},
        ("o_ptr",), 1e-5, {"B": 64},
    ),
    Case(
        "integers divide towards zero and wrap", integers, (1,),
        lambda r: {"a_ptr": r.integers(-40, 40, 64).astype("int32"),
                   "b_ptr": r.choice([-7, -3, -1, 1, 2, 8], 64).astype("int32"),
                   "o_ptr": np.zeros((8, 64), "int32")},
        ("o_ptr",), meta={"B": 64},
    ),
    Case(
        "shapes and reductions", shapes, (1,),
        lambda r: {"x_ptr": normal(r, 16, 8), "o_ptr": np.zeros((16, 8), "float32"),
                   "s_ptr": np.zeros(24, "int32")},
        ("o_ptr", "s_ptr"), 1e-5, {"M": 16, "N": 8},
    ),
    Case(
        "promotion between dtypes", dtypes, (1,),
        lambda r: {"h_ptr": normal(r, 16, dtype="float16"), "f_ptr": normal(r, 16),
                   "i_ptr": r.integers(-9, 9, 16).astype("int32"),
                   "b_ptr": r.integers(0, 2, 16).astype("bool"),
                   "o_ptr": np.zeros((11, 16), "float32"), "scale": 0.3},
        ("o_ptr",), 2e-3, {"B": 16},
    ),
    Case(
        "branches, while, early return", branches, (9,),
        lambda r: {"x_ptr": normal(r, 7), "o_ptr": np.zeros(7, "float32"), "n": 7,
                   "bias_ptr": normal(r, 1)},
        ("o_ptr",), 1e-6, {"STEPS": 3},
    ),
    Case(
        "branches without an optional pointer", branches, (9,),
        lambda r: {"x_ptr": normal(r, 7), "o_ptr": np.zeros(7, "float32"), "n": 7,
                   "bias_ptr": None},
        ("o_ptr",), 1e-6, {"STEPS": 3},
    ),
    Case(
        "masked gathers", gather, (4,),
        lambda r: {"x_ptr": normal(r, 6, 5),
                   "at_ptr": (r.random((50, 2)) * 9 - 2).astype("float32"),
                   "o_ptr": np.zeros(50, "float32"), "H": 6, "W": 5, "n": 50},
        ("o_ptr",), 1e-6, {"BLOCK": 16},
    ),
]  # fmt: skip
