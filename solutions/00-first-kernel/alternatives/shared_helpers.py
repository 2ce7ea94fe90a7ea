"""One helper for all offsets, grids made of shapes, rows in several blocks."""

from autograder.lab.tiles import device, tl, triton


@triton.jit
def places(axis: tl.constexpr, BLOCK: tl.constexpr):
    return tl.program_id(axis) * BLOCK + tl.arange(0, BLOCK)


def over(*sizes, block):
    return tuple(-(-size // block) for size in sizes)


@triton.jit
def copy_kernel(x_ptr, o_ptr, n, BLOCK: tl.constexpr):
    at = places(0, BLOCK)
    tl.store(o_ptr + at, tl.load(x_ptr + at, mask=at < n), mask=at < n)


def copy(x, *, block=64):
    x = device.put(x)
    out = device.empty(x.shape, x.dtype)
    copy_kernel[over(len(x), block=block)](x, out, len(x), BLOCK=block)
    return out


@triton.jit
def add_kernel(x_ptr, y_ptr, o_ptr, n, BLOCK: tl.constexpr):
    at = places(0, BLOCK)
    inside = at < n
    total = tl.load(x_ptr + at, mask=inside) + tl.load(y_ptr + at, mask=inside)
    tl.store(o_ptr + at, total, mask=inside)


def add(x, y, *, block=64):
    x, y = device.put(x), device.put(y)
    out = device.empty(x.shape, x.dtype)
    add_kernel[over(len(x), block=block)](x, y, out, len(x), BLOCK=block)
    return out


@triton.jit
def row_max_kernel(x_ptr, o_ptr, cols, stride, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    best = tl.full([BLOCK], float("-inf"), tl.float32)
    for start in range(0, cols, BLOCK):
        at = start + tl.arange(0, BLOCK)
        x = tl.load(x_ptr + row * stride + at, mask=at < cols, other=float("-inf"))
        best = tl.maximum(best, x)
    tl.store(o_ptr + row, tl.max(best, 0))


def row_max(x):
    x = device.put(x)
    rows, cols = x.shape
    out = device.empty(rows, "float32")
    row_max_kernel[(rows,)](x, out, cols, device.strides(x)[0], BLOCK=16)
    return out


@triton.jit
def transpose_kernel(x_ptr, o_ptr, M, N, xm, xn, on, om, BLOCK: tl.constexpr):
    m, n = places(1, BLOCK)[None, :], places(0, BLOCK)[:, None]
    inside = (n < N) & (m < M)
    tile = tl.load(x_ptr + m * xm + n * xn, mask=inside)
    tl.store(o_ptr + n * on + m * om, tile, mask=inside)


def transpose(x, *, block=16):
    x = device.put(x)
    m, n = x.shape
    out = device.empty((n, m), x.dtype)
    strides = (*device.strides(x), *device.strides(out))
    transpose_kernel[over(n, m, block=block)](x, out, m, n, *strides, BLOCK=block)
    return out


@triton.jit
def matmul_kernel(
    a_ptr, b_ptr, o_ptr, M, N, K, am, ak, bk, bn, om, on, BLOCK: tl.constexpr
):
    m, n = places(1, BLOCK)[:, None], places(0, BLOCK)[None, :]
    lanes = tl.arange(0, BLOCK)
    acc = tl.zeros([BLOCK, BLOCK], tl.float32)
    for step in range(tl.cdiv(K, BLOCK)):
        k = step * BLOCK + lanes
        a = tl.load(
            a_ptr + m * am + k[None, :] * ak,
            mask=(m < M) & (k[None, :] < K),
            other=0.0,
        )
        b = tl.load(
            b_ptr + k[:, None] * bk + n * bn,
            mask=(n < N) & (k[:, None] < K),
            other=0.0,
        )
        acc += tl.dot(a.to(tl.float32), b.to(tl.float32))
    tl.store(o_ptr + m * om + n * on, acc, mask=(m < M) & (n < N))


def matmul(a, b, *, block=16):
    a, b = device.put(a), device.put(b)
    (m, k), n = a.shape, b.shape[1]
    out = device.empty((m, n), a.dtype)
    strides = [s for x in (a, b, out) for s in device.strides(x)]
    matmul_kernel[over(n, m, block=block)](a, b, out, m, n, k, *strides, BLOCK=block)
    return out


@triton.jit
def histogram_kernel(x_ptr, counts_ptr, n, BLOCK: tl.constexpr):
    at = places(0, BLOCK)
    ones = tl.full([BLOCK], 1, tl.int32)
    x = tl.load(x_ptr + at, mask=at < n, other=0)
    tl.atomic_add(counts_ptr + x, ones, mask=at < n)


def histogram(x, bins, *, block=64):
    x = device.put(x)
    counts = device.full((bins,), 0, "int32")
    grid = over(x.shape[0], block=block)
    histogram_kernel[grid](x, counts, x.shape[0], BLOCK=block)
    return counts
