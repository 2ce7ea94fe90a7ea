"""Kernels from text, and a flash-attention kernel to measure."""

from __future__ import annotations

import itertools
import linecache
import os
import textwrap
from typing import Any

import numpy as np

os.environ["TILES"] = "simulator"

from autograder.student.lab.tiles import device, tl, triton

_count = itertools.count()
IMPORTS = "from autograder.student.lab.tiles import triton, tl, device\n"


def module(source: str) -> dict[str, Any]:
    """Run a module's text as a notebook cell would run, and return its names."""
    text = IMPORTS + textwrap.dedent(source)
    name = f"<tiles {next(_count)}>"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    names: dict[str, Any] = {"__name__": "exercise", "np": np}
    exec(compile(text, name, "exec"), names)
    return names


def kernel(source: str, name: str = "kernel") -> Any:
    """Return one kernel of a module's text."""
    return module(source)[name]


def body(text: str, parameters: str = "x_ptr, o_ptr, n, B: tl.constexpr") -> Any:
    """Return a kernel with this body."""
    inner = textwrap.indent(textwrap.dedent(text).strip("\n"), "    ")
    return kernel(f"@triton.jit\ndef kernel({parameters}):\n{inner}\n")


def launch(text: str, grid: tuple[int, ...] = (4,)) -> np.ndarray:
    """Launch a body on 64 floats; return what it wrote."""
    x = np.arange(64, dtype=np.float32)
    o = np.zeros(64, np.float32)
    body(text)[grid](x, o, 64, B=16)
    return o


@triton.jit
def flash_kernel(
    q_ptr, k_ptr, v_ptr, o_ptr, lse_ptr, N, M, scale,
    stride_qm, stride_qd, stride_kn, stride_kd, stride_vn, stride_vd,
    D: tl.constexpr, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, CAUSAL: tl.constexpr,
):  # fmt: skip
    pid = tl.program_id(0)
    offs_m = pid * BLOCK_M + tl.arange(0, BLOCK_M)
    offs_d = tl.arange(0, D)
    q_ptrs = q_ptr + offs_m[:, None] * stride_qm + offs_d[None, :] * stride_qd
    q = tl.load(q_ptrs, mask=offs_m[:, None] < N, other=0.0)
    m_i = tl.full([BLOCK_M], -float("inf"), dtype=tl.float32)
    l_i = tl.zeros([BLOCK_M], dtype=tl.float32)
    acc = tl.zeros([BLOCK_M, D], dtype=tl.float32)
    end = M
    if CAUSAL:
        end = min(M, (pid + 1) * BLOCK_M)
    for start in range(0, end, BLOCK_N):
        offs_n = start + tl.arange(0, BLOCK_N)
        live = offs_n[:, None] < M
        k_ptrs = k_ptr + offs_n[:, None] * stride_kn + offs_d[None, :] * stride_kd
        v_ptrs = v_ptr + offs_n[:, None] * stride_vn + offs_d[None, :] * stride_vd
        k = tl.load(k_ptrs, mask=live, other=0.0)
        v = tl.load(v_ptrs, mask=live, other=0.0)
        s = tl.dot(q, tl.trans(k)) * scale
        keep = offs_n[None, :] < M
        if CAUSAL:
            keep = keep & (offs_m[:, None] >= offs_n[None, :])
        s = tl.where(keep, s, -float("inf"))
        m_new = tl.maximum(m_i, tl.max(s, 1))
        alpha = tl.exp(m_i - m_new)
        p = tl.exp(s - m_new[:, None])
        l_i = l_i * alpha + tl.sum(p, 1)
        acc = acc * alpha[:, None] + tl.dot(p.to(v.dtype), v)
        m_i = m_new
    o = acc / l_i[:, None]
    o_ptrs = o_ptr + offs_m[:, None] * D + offs_d[None, :]
    tl.store(o_ptrs, o.to(o_ptr.dtype.element_ty), mask=offs_m[:, None] < N)
    tl.store(lse_ptr + offs_m, m_i + tl.log(l_i), mask=offs_m < N)


def flash(q, k, v, block_m=16, block_n=16, causal=False):
    """Attend; a host function as an exercise asks for."""
    n, d = q.shape
    o = device.empty((n, d), q.dtype)
    lse = device.empty((n,), device.float32)
    grid = (triton.cdiv(n, block_m),)
    strides = [s for x in (q, k, v) for s in device.strides(x)]
    flash_kernel[grid](
        q, k, v, o, lse, n, k.shape[0], d**-0.5, *strides,
        D=d, BLOCK_M=block_m, BLOCK_N=block_n, CAUSAL=causal,
    )  # fmt: skip
    return o, lse


def attention(q, k, v, causal=False):
    """Attend without tiles, in float64."""
    q, k, v = (x.astype(np.float64) for x in (q, k, v))
    s = q @ k.T * q.shape[1] ** -0.5
    if causal:
        s = np.where(np.arange(len(q))[:, None] >= np.arange(len(k)), s, -np.inf)
    m = s.max(1, keepdims=True)
    p = np.exp(s - m)
    total = p.sum(1, keepdims=True)
    return p / total @ v, (m + np.log(total))[:, 0]
