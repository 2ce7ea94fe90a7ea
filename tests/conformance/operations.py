"""Kernels that use each operation of the language at least once."""

from __future__ import annotations

from autograder.student.lab.tiles import tl, triton


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
    near = tl.floor(a / b * 1000 + 0.5)  # a GPU divides to the last bit but one
    tl.store(o_ptr + 7 * B + offs, near.to(tl.int32))


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
def methods(x_ptr, o_ptr, s_ptr, B: tl.constexpr):
    rows, cols = tl.arange(0, B), tl.arange(0, B)
    x = tl.load(x_ptr + rows[:, None] * B + cols[None, :])
    a = x.to(tl.float32).abs() + 0.5
    y = (-a).exp() + (-a).exp2() + a.log() + a.log2() + a.sqrt()
    y = y.trans().permute(1, 0).reshape(B * B).reshape((B, B)).T
    z = x.sum(1).expand_dims(0).broadcast_to(B, B) + x.max(axis=0) + x.min(axis=0)
    tl.store(o_ptr + rows[:, None] * B + cols[None, :], y + z, cache_modifier=".cg")
    places = x.argmax(axis=1) * 100 + x.argmin(0)
    tl.store(s_ptr + rows, places + x.shape[0])


@triton.jit
def hints(x_ptr, o_ptr, n, B: tl.constexpr):
    x_ptr = tl.multiple_of(x_ptr, 4)
    offs = tl.max_contiguous(tl.arange(0, B), B)
    step = tl.max_constancy(tl.zeros([B], tl.int32), 1)
    tl.assume(n > 0)
    tl.static_assert(B >= 16, "B is 16 or more")
    tl.static_print("B is", B)
    if n < 0:
        tl.device_print("n", n)
        print("n", n)
    x = tl.load(x_ptr + offs, offs < n, float(2), eviction_policy="evict_last")
    low: tl.constexpr = int(min(B, 7.5)) + max(1, B // 16)
    tl.store(o_ptr + offs, x + step + low + min(n, 9) - max(n, 3), mask=offs < n)


@triton.jit
def conversions(b_ptr, s_ptr, l_ptr, d_ptr, o_ptr, B: tl.constexpr):
    offs = tl.arange(0, B)
    b, s = tl.load(b_ptr + offs), tl.load(s_ptr + offs)
    w, d = tl.load(l_ptr + offs), tl.load(d_ptr + offs)
    tl.store(o_ptr + offs, b + s)
    tl.store(o_ptr + B + offs, s * w)
    tl.store(o_ptr + 2 * B + offs, d * 3 + w)
    tl.store(o_ptr + 3 * B + offs, d.to(tl.float32).to(tl.float16))
    tl.store(o_ptr + 4 * B + offs, d.to(tl.int64) + tl.cast(d, tl.int8))
    tl.store(o_ptr + 5 * B + offs, (s * 255).to(tl.int8).to(tl.int16) - b)
    tl.store(o_ptr + 6 * B + offs, s.to(tl.int1) & (b > 3))
    tl.store(o_ptr + 7 * B + offs, tl.sum(b, 0) + tl.max(s, 0) + tl.min(w, 0))
    tl.store(o_ptr + 8 * B + offs, tl.full([B], 0.25, d_ptr.dtype.element_ty) * b)
    tl.store(o_ptr + 9 * B + offs, tl.sqrt(tl.abs(d)) + tl.exp(-tl.abs(d)))
    tl.store(o_ptr + 10 * B + offs, tl.where(b > s, w, d).to(b_ptr.dtype.element_ty))
    tl.store(o_ptr + 11 * B + offs, tl.cumsum(s, 0) + tl.cumsum(d, 0))


@triton.jit
def reductions(x_ptr, f_ptr, i_ptr, M: tl.constexpr, N: tl.constexpr):
    rows, cols = tl.arange(0, M), tl.arange(0, N)
    x = tl.load(x_ptr + rows[:, None] * N + cols[None, :])
    high, at = tl.max(x, 1, return_indices=True)
    low, under = tl.min(x, axis=0, return_indices=True, keep_dims=True)
    tl.store(f_ptr + rows, high + tl.sum(x, 1) + tl.max(x) - tl.min(x))
    tl.store(i_ptr + rows, at * 100 + tl.argmax(x, 1, keep_dims=True).reshape(M))
    spread = low + tl.sum(x, 0, keep_dims=True, dtype=tl.float64).to(tl.float32)
    tl.store(f_ptr + M + cols[None, :], spread - tl.max(x, 0, keep_dims=True))
    tl.store(i_ptr + M + cols[None, :], under + tl.argmin(x, 0)[None, :])
    total = tl.cumsum(x, 1) + tl.cumsum(x, axis=0) - tl.sum(tl.sum(x, 1), 0)
    tl.store(f_ptr + M + N + rows[:, None] * N + cols[None, :], total)


@triton.jit
def three_axes(x_ptr, o_ptr, A: tl.constexpr, B: tl.constexpr, C: tl.constexpr):
    a, b, c = tl.arange(0, A), tl.arange(0, B), tl.arange(0, C)
    places = a[:, None, None] * B * C + b[None, :, None] * C + c[None, None, :]
    x = tl.load(x_ptr + places)
    y = tl.permute(x, (2, 0, 1)) + tl.permute(x, 2, 0, 1)
    y += tl.broadcast_to(tl.expand_dims(tl.sum(x, 1), 2), A, C, B).permute(1, 0, 2)
    y += tl.trans(x, 2, 0, 1) * tl.zeros_like(y)
    flat = tl.reshape(y, A * B * C)
    turned = c[:, None, None] * A * B + a[None, :, None] * B + b[None, None, :]
    tl.store(o_ptr + turned, tl.reshape(flat, (C, A, B)))


@triton.jit
def products(h_ptr, d_ptr, o_ptr, w_ptr, B: tl.constexpr, K: tl.constexpr):
    rows, inner = tl.arange(0, B), tl.arange(0, K)
    at = rows[:, None] * K + inner[None, :]
    h = tl.load(h_ptr + at)
    d = tl.load(d_ptr + at)
    half = tl.dot(h, tl.trans(h), out_dtype=tl.float16)
    single = tl.dot(h, h.T, acc=half.to(tl.float32))
    square = rows[:, None] * B + rows[None, :]
    tl.store(o_ptr + square, single + half)
    tl.store(w_ptr + square, tl.dot(d, d.T, out_dtype=tl.float64))


@triton.jit
def atomics(at_ptr, v_ptr, f_ptr, i_ptr, old_ptr, n, B: tl.constexpr):
    offs = tl.program_id(0) * B + tl.arange(0, B)
    live = offs < n
    at = tl.load(at_ptr + offs, mask=live, other=0)
    v = tl.load(v_ptr + offs, mask=live, other=0.0)
    tl.atomic_add(f_ptr + at, v, mask=live)
    tl.atomic_add(i_ptr + at, 1, mask=live, sem="relaxed")
    tl.atomic_add(i_ptr, tl.sum(live.to(tl.int32), 0))
    old = tl.atomic_add(old_ptr + offs, v * 2, mask=live)
    tl.store(old_ptr + n + offs, old, mask=live)


@triton.jit
def bits(a_ptr, b_ptr, o_ptr, n, B: tl.constexpr):
    offs = tl.arange(0, B)
    a, b = tl.load(a_ptr + offs), tl.load(b_ptr + offs)
    p, q = a > b, (a != 0) ^ (b == 3)
    y = tl.where((p & ~q) | (a <= b), a, -b) + tl.where(p, 1, 0) * 7
    y ^= a & 12
    y |= b << 1
    y -= (a >= 2).to(tl.int32) << (b & 7)
    if (n > 3 and not (B < 16)) or n == 2:
        y += 1 if B is None else 2
    tl.store(o_ptr + offs, y, mask=None)


SCALES = tl.constexpr(3)
KIND = tl.constexpr("sum")


@triton.jit
def counting(x_ptr, o_ptr, n, m, B: tl.constexpr):
    offs = tl.arange(0, B)
    total = tl.zeros([B], tl.float32)
    steps = 0
    for i in range(n):
        for j in tl.range(i, m, SCALES):
            total += tl.load(x_ptr + (i * m + j) % B) * (i + 1)
            steps += 1
    pair = (steps, total)
    for k in tl.static_range(B // 8, 0, -2):
        total = pair[1] * 0.5 + total + k
    turns = m
    while turns > n:
        turns = turns // 2 - 1
    if KIND == "sum":
        total += turns * +SCALES
    tl.store(o_ptr + offs, total + pair[0] - B**2 / 4)


@triton.jit
def specials(x_ptr, y_ptr, o_ptr, B: tl.constexpr):
    offs = tl.arange(0, B)
    x, y = tl.load(x_ptr + offs), tl.load(y_ptr + offs)
    tl.store(o_ptr + offs, tl.maximum(x, y))
    tl.store(o_ptr + B + offs, tl.minimum(x, y))
    tl.store(o_ptr + 2 * B + offs, tl.clamp(x, -1.0, 1.0))
    tl.store(o_ptr + 3 * B + offs, tl.max(x, 0) - tl.min(y, 0))
    tl.store(o_ptr + 4 * B + offs, x / y)
    tl.store(o_ptr + 5 * B + offs, x % y)
    tl.store(o_ptr + 6 * B + offs, x.to(tl.float16))
    tl.store(o_ptr + 7 * B + offs, (x < y) + 2 * (x == y) + 4 * (x != y) + 8 * (x >= y))
    tl.store(o_ptr + 8 * B + offs, tl.exp(x) + tl.floor(y))
    tl.store(o_ptr + 9 * B + offs, tl.log(x))
    tl.store(o_ptr + 10 * B + offs, tl.rsqrt(x) - tl.sqrt(x))
    tl.store(o_ptr + 11 * B + offs, tl.where(x == x, tl.abs(x), -y))
    tl.store(o_ptr + 12 * B + offs, x.to(tl.int1) | (y > 0))
