# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% [markdown]
# # A first kernel
#
# Read the [chapter](index.md) beside this file; each task names its step there. Every
# task has a kernel and a host function, which launches it. For all six:
#
# - The host function allocates new memory for the result, launches the kernel and
#   returns what it allocated, an array of `device`. It may use shapes, dtypes and
#   strides of its arguments, not the numbers in them: while it is graded it is given
#   other numbers than its kernel. Nothing writes to the arguments.
# - No program touches an element outside an array, or reads one that nobody wrote. No
#   two programs, and no two lanes, race for one element.
# - You may change the parameters of a kernel, not those of a host function.

# %% tags=["setup"]
import numpy as np

from autograder.lab.tiles import device, last_meter, tl, triton
from autograder.student import attempt, check

# %% [markdown]
# ## 1. `copy`
# Chapter, step 1. Copy a vector, one program for each `block` elements.
#
# - `x` is (n,), n at least 1, float16 or float32; the result has its shape and dtype.
# - `cdiv(n, block)` programs, no block of more than `block` elements.
# - Each element is loaded once and stored once.


# %% tags=["task"] task="copy"
@triton.jit
def copy_kernel(x_ptr, o_ptr, n, BLOCK: tl.constexpr):
    """One program: BLOCK elements of x to the same places of o."""
    raise NotImplementedError("copy: chapter, step 1")


def copy(x, *, block=64):
    """Return a copy of x, made by copy_kernel. `block` is a power of two."""
    x = device.put(x)
    raise NotImplementedError("copy: chapter, step 1")


# %% tags=["explore"]
with attempt():
    print(copy(np.arange(10, dtype="float32"), block=4))
    print(last_meter())

# %% tags=["check"]
check("copy")

# %% [markdown]
# ## 2. `add`
# Chapter, step 2. Add two vectors.
#
# - `x` and `y` are (n,), of one dtype, float16 or float32; so is the result.
# - `cdiv(n, block)` programs, no block of more than `block` elements.
# - Each element is loaded once and stored once.


# %% tags=["task"] task="add"
@triton.jit
def add_kernel(x_ptr, y_ptr, o_ptr, n, BLOCK: tl.constexpr):
    """One program: BLOCK elements of the sum."""
    raise NotImplementedError("add: chapter, step 2")


def add(x, y, *, block=64):
    """Return x + y, made by add_kernel. `block` is a power of two."""
    x, y = device.put(x), device.put(y)
    raise NotImplementedError("add: chapter, step 2")


# %% tags=["explore"]
with attempt():
    x = np.arange(10, dtype="float32")
    print(add(x, 10 * x, block=4))
    print(last_meter())

# %% tags=["check"]
check("add")

# %% [markdown]
# ## 3. `row_max`
# Chapter, step 3. The largest element of each row.
#
# - `x` is (rows, cols), both at least 1, float32, C order; the result (rows,), float32.
# - Elements may be negative, all of them, and `-inf`.
# - One program for each row. Each element of `x` is loaded once, each maximum stored
#   once.


# %% tags=["task"] task="row_max"
@triton.jit
def row_max_kernel(x_ptr, o_ptr, cols, BLOCK: tl.constexpr):
    """One program: the maximum of one row, in one block that may be longer."""
    raise NotImplementedError("row_max: chapter, step 3")


def row_max(x):
    """Return the maximum of each row, made by row_max_kernel."""
    x = device.put(x)
    raise NotImplementedError("row_max: chapter, step 3")


# %% tags=["explore"]
with attempt():
    print(row_max(np.array([[-3.0, -1.0, -2.0], [4.0, 6.0, 5.0]], "float32")))
    print(last_meter())

# %% tags=["check"]
check("row_max")

# %% [markdown]
# ## 4. `transpose`
# Chapter, step 4. Rows become columns, tile by tile.
#
# - `x` is (M, N), both at least 1, float16 or float32, with any strides: it may be a
#   transposed view, or a part of a larger matrix. The result is (N, M), of its dtype.
# - One program for each tile of `block` x `block`; no larger block.
# - Each element is loaded once and stored once.


# %% tags=["task"] task="transpose"
@triton.jit
def transpose_kernel(
    x_ptr, o_ptr, M, N, stride_xm, stride_xn, stride_on, stride_om,
    BLOCK: tl.constexpr,
):  # fmt: skip
    """One program: a tile of x to the mirrored place of o."""
    raise NotImplementedError("transpose: chapter, step 4")


def transpose(x, *, block=16):
    """Return x with its axes exchanged. `block` is a power of two."""
    x = device.put(x)
    raise NotImplementedError("transpose: chapter, step 4")


# %% tags=["explore"]
with attempt():
    print(transpose(np.arange(6, dtype="float32").reshape(2, 3)))
    print(last_meter())

# %% tags=["check"]
check("transpose")

# %% [markdown]
# ## 5. `matmul`
# Chapter, step 5. The product of two matrices, tile by tile.
#
# - `a` is (M, K), `b` (K, N), all at least 1, of one dtype, float16 or float32, each
#   with any strides; the result (M, N) has that dtype. Sums are float32.
# - One program for each tile of `block` x `block` of the result; no larger block.
# - `a` is loaded `cdiv(N, block)` times, `b` `cdiv(M, block)` times; each element of
#   the result is stored once.
# - `block` is a power of two, 16 or more.


# %% tags=["task"] task="matmul"
@triton.jit
def matmul_kernel(
    a_ptr, b_ptr, o_ptr, M, N, K,
    stride_am, stride_ak, stride_bk, stride_bn, stride_om, stride_on,
    BLOCK: tl.constexpr,
):  # fmt: skip
    """One program: a tile of the product, over all K."""
    raise NotImplementedError("matmul: chapter, step 5")


def matmul(a, b, *, block=16):
    """Return a @ b, made by matmul_kernel."""
    a, b = device.put(a), device.put(b)
    raise NotImplementedError("matmul: chapter, step 5")


# %% tags=["explore"]
with attempt():
    a, b = np.eye(40, 24, dtype="float32"), np.ones((24, 20), "float32")
    print(matmul(a, b).sum(), "is the sum of", 24 * 20, "ones")
    print(last_meter())

# %% tags=["check"]
check("matmul")

# %% [markdown]
# ## 6. `histogram`
# Chapter, step 6. How often does each number occur?
#
# - `x` is (n,), n at least 1, int32, with numbers from 0 to `bins - 1`; the result is
#   (bins,), int32. Numbers that do not occur have the count 0.
# - `cdiv(n, block)` programs, no block of more than `block` elements.
# - The programs share one array of counts, and add to it. Bytes are not limited.


# %% tags=["task"] task="histogram"
@triton.jit
def histogram_kernel(x_ptr, counts_ptr, n, BLOCK: tl.constexpr):
    """One program: count BLOCK elements of x."""
    raise NotImplementedError("histogram: chapter, step 6")


def histogram(x, bins, *, block=64):
    """Return how often 0 .. bins - 1 occur in x. `block` is a power of two."""
    x = device.put(x)
    raise NotImplementedError("histogram: chapter, step 6")


# %% tags=["explore"]
with attempt():
    print(histogram(np.array([0, 2, 2, 1, 2, 0], "int32"), 4, block=4))
    print(last_meter())

# %% tags=["check"]
check("histogram")
