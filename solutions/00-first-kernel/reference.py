# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% tags=["setup"]
from autograder.lab.tiles import device, tl, triton


# %% tags=["task"] task="copy"
@triton.jit
def copy_kernel(x_ptr, o_ptr, n, BLOCK: tl.constexpr):
    """One program: BLOCK elements of x to the same places of o."""
    offs = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offs < n
    x = tl.load(x_ptr + offs, mask=mask)
    tl.store(o_ptr + offs, x, mask=mask)


def copy(x, *, block=64):
    """Return a copy of x, made by copy_kernel. `block` is a power of two."""
    x = device.put(x)
    n = x.shape[0]
    o = device.empty(n, x.dtype)
    copy_kernel[(triton.cdiv(n, block),)](x, o, n, BLOCK=block)
    return o


# %% tags=["task"] task="add"
@triton.jit
def add_kernel(x_ptr, y_ptr, o_ptr, n, BLOCK: tl.constexpr):
    """One program: BLOCK elements of the sum."""
    offs = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offs < n
    x = tl.load(x_ptr + offs, mask=mask)
    y = tl.load(y_ptr + offs, mask=mask)
    tl.store(o_ptr + offs, x + y, mask=mask)


def add(x, y, *, block=64):
    """Return x + y, made by add_kernel. `block` is a power of two."""
    x, y = device.put(x), device.put(y)
    n = x.shape[0]
    o = device.empty(n, x.dtype)
    add_kernel[(triton.cdiv(n, block),)](x, y, o, n, BLOCK=block)
    return o


# %% tags=["task"] task="row_max"
@triton.jit
def row_max_kernel(x_ptr, o_ptr, cols, BLOCK: tl.constexpr):
    """One program: the maximum of one row, in one block that may be longer."""
    row = tl.program_id(0)
    offs = tl.arange(0, BLOCK)
    mask = offs < cols
    x = tl.load(x_ptr + row * cols + offs, mask=mask, other=float("-inf"))
    tl.store(o_ptr + row, tl.max(x, 0))


def row_max(x):
    """Return the maximum of each row, made by row_max_kernel."""
    x = device.put(x)
    rows, cols = x.shape
    o = device.empty(rows, "float32")
    row_max_kernel[(rows,)](x, o, cols, BLOCK=triton.next_power_of_2(cols))
    return o


# %% tags=["task"] task="transpose"
@triton.jit
def transpose_kernel(
    x_ptr, o_ptr, M, N, stride_xm, stride_xn, stride_on, stride_om,
    BLOCK: tl.constexpr,
):  # fmt: skip
    """One program: a tile of x to the mirrored place of o."""
    rows = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    cols = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    mask = (rows[:, None] < M) & (cols[None, :] < N)
    x_tile = rows[:, None] * stride_xm + cols[None, :] * stride_xn
    o_tile = cols[None, :] * stride_on + rows[:, None] * stride_om
    x = tl.load(x_ptr + x_tile, mask=mask)
    tl.store(o_ptr + o_tile, x, mask=mask)


def transpose(x, *, block=16):
    """Return x with its axes exchanged, made by transpose_kernel."""
    x = device.put(x)
    m, n = x.shape
    o = device.empty((n, m), x.dtype)
    grid = (triton.cdiv(m, block), triton.cdiv(n, block))
    transpose_kernel[grid](
        x, o, m, n, *device.strides(x), *device.strides(o), BLOCK=block
    )
    return o


# %% tags=["task"] task="matmul"
@triton.jit
def matmul_kernel(
    a_ptr, b_ptr, o_ptr, M, N, K,
    stride_am, stride_ak, stride_bk, stride_bn, stride_om, stride_on,
    BLOCK: tl.constexpr,
):  # fmt: skip
    """One program: a tile of the product, over all K."""
    rows = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    cols = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    acc = tl.zeros([BLOCK, BLOCK], tl.float32)
    for start in range(0, K, BLOCK):
        ks = start + tl.arange(0, BLOCK)
        a = tl.load(
            a_ptr + rows[:, None] * stride_am + ks[None, :] * stride_ak,
            mask=(rows[:, None] < M) & (ks[None, :] < K),
            other=0.0,
        )
        b = tl.load(
            b_ptr + ks[:, None] * stride_bk + cols[None, :] * stride_bn,
            mask=(ks[:, None] < K) & (cols[None, :] < N),
            other=0.0,
        )
        acc += tl.dot(a, b, input_precision="ieee")
    tl.store(
        o_ptr + rows[:, None] * stride_om + cols[None, :] * stride_on,
        acc.to(o_ptr.dtype.element_ty),
        mask=(rows[:, None] < M) & (cols[None, :] < N),
    )


def matmul(a, b, *, block=16):
    """Return a @ b, made by matmul_kernel."""
    a, b = device.put(a), device.put(b)
    (m, k), n = a.shape, b.shape[1]
    o = device.empty((m, n), a.dtype)
    grid = (triton.cdiv(m, block), triton.cdiv(n, block))
    matmul_kernel[grid](
        a, b, o, m, n, k,
        *device.strides(a), *device.strides(b), *device.strides(o),
        BLOCK=block,
    )  # fmt: skip
    return o


# %% tags=["task"] task="histogram"
@triton.jit
def histogram_kernel(x_ptr, counts_ptr, n, BLOCK: tl.constexpr):
    """One program: count BLOCK elements of x."""
    offs = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offs < n
    x = tl.load(x_ptr + offs, mask=mask, other=0)
    tl.atomic_add(counts_ptr + x, 1, mask=mask)


def histogram(x, bins, *, block=64):
    """Return how often 0 .. bins - 1 occur in x, made by histogram_kernel."""
    x = device.put(x)
    n = x.shape[0]
    counts = device.zeros(bins, "int32")
    histogram_kernel[(triton.cdiv(n, block),)](x, counts, n, BLOCK=block)
    return counts
