"""Flat grids, moving pointers, masks inside the tiles, `tl.dot` with an accumulator."""

from autograder.lab.tiles import device, tl, triton


@triton.jit
def copy_kernel(src_ptr, dst_ptr, length, SIZE: tl.constexpr):
    first = tl.program_id(0) * SIZE
    lanes = tl.arange(0, SIZE)
    inside = lanes < length - first
    tl.store(dst_ptr + first + lanes, tl.load(src_ptr + first + lanes, inside), inside)


def copy(x, *, block=64):
    x = device.put(x)
    out = device.empty(x.shape, x.dtype)
    grid = ((x.shape[0] + block - 1) // block,)
    copy_kernel[grid](x, out, x.shape[0], SIZE=block)
    return out


@triton.jit
def add_kernel(x_ptr, y_ptr, o_ptr, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + at, mask=at < n, other=0.0)
    total = x.to(tl.float32) + tl.load(y_ptr + at, mask=at < n, other=0.0)
    tl.store(o_ptr + at, total.to(o_ptr.dtype.element_ty), mask=at < n)


def add(x, y, *, block=64):
    x, y = device.put(x), device.put(y)
    out = device.zeros(x.shape, x.dtype)
    add_kernel[(triton.cdiv(x.shape[0], block),)](x, y, out, x.shape[0], BLOCK=block)
    return out


@triton.jit
def row_max_kernel(x_ptr, o_ptr, cols, BLOCK: tl.constexpr):
    offs = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + tl.program_id(0) * cols + offs, mask=offs < cols, other=0.0)
    x = tl.where(offs < cols, x, float("-inf"))
    tl.store(o_ptr + tl.program_id(0), tl.max(x, axis=0))


def row_max(x):
    x = device.put(x)
    out = device.empty(x.shape[:1], x.dtype)
    block = max(128, triton.next_power_of_2(x.shape[1]))
    row_max_kernel[x.shape[:1]](x, out, x.shape[1], BLOCK=block)
    return out


@triton.jit
def transpose_kernel(x_ptr, o_ptr, M, N, xm, xn, on, om, BLOCK: tl.constexpr):
    across = tl.cdiv(N, BLOCK)
    i, j = tl.program_id(0) // across, tl.program_id(0) % across
    lanes = tl.arange(0, BLOCK)
    m, n = i * BLOCK + lanes, j * BLOCK + lanes
    x = tl.load(
        x_ptr + m[:, None] * xm + n[None, :] * xn,
        mask=(m[:, None] < M) & (n[None, :] < N),
        other=0.0,
    )
    tl.store(
        o_ptr + n[:, None] * on + m[None, :] * om,
        tl.trans(x),
        mask=(n[:, None] < N) & (m[None, :] < M),
    )


def transpose(x, *, block=16):
    x = device.put(x)
    m, n = x.shape
    out = device.empty((n, m), x.dtype)
    grid = (triton.cdiv(m, block) * triton.cdiv(n, block),)
    strides = (*device.strides(x), *device.strides(out))
    transpose_kernel[grid](x, out, m, n, *strides, BLOCK=block)
    return out


@triton.jit
def matmul_kernel(
    a_ptr, b_ptr, o_ptr, M, N, K, am, ak, bk, bn, om, on, BLOCK: tl.constexpr
):
    across = tl.cdiv(N, BLOCK)
    lanes = tl.arange(0, BLOCK)
    m = (tl.program_id(0) // across) * BLOCK + lanes
    n = (tl.program_id(0) % across) * BLOCK + lanes
    a_ptrs = a_ptr + m[:, None] * am + lanes[None, :] * ak
    b_ptrs = b_ptr + lanes[:, None] * bk + n[None, :] * bn
    acc = tl.zeros([BLOCK, BLOCK], tl.float32)
    left = K
    while left > 0:
        a = tl.load(a_ptrs, (m[:, None] < M) & (lanes[None, :] < left), 0.0)
        b = tl.load(b_ptrs, (n[None, :] < N) & (lanes[:, None] < left), 0.0)
        acc = tl.dot(a, b, acc, input_precision="ieee")
        a_ptrs += BLOCK * ak
        b_ptrs += BLOCK * bk
        left -= BLOCK
    o_ptrs = o_ptr + m[:, None] * om + n[None, :] * on
    tl.store(o_ptrs, acc, (m[:, None] < M) & (n[None, :] < N))


def matmul(a, b, *, block=16):
    a, b = device.put(a), device.put(b)
    (m, k), n = a.shape, b.shape[1]
    out = device.empty((m, n), a.dtype)
    grid = (triton.cdiv(m, block) * triton.cdiv(n, block),)
    strides = [s for x in (a, b, out) for s in device.strides(x)]
    matmul_kernel[grid](a, b, out, m, n, k, *strides, BLOCK=block)
    return out


@triton.jit
def histogram_kernel(x_ptr, counts_ptr, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + at, mask=at < n, other=0)
    tl.atomic_add(counts_ptr + x, (at < n).to(tl.int32))


def histogram(x, bins, *, block=64):
    x = device.put(x)
    counts = device.zeros((bins,), "int32")
    histogram_kernel[(triton.cdiv(len(x), block),)](x, counts, len(x), BLOCK=block)
    return counts
