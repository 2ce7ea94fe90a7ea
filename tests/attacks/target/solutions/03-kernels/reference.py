# %%
from autograder.lab.tiles import device, tl, triton


# %% tags=["task"] task="scaled"
@triton.jit
def scale_kernel(x_ptr, o_ptr, n, factor, BLOCK: tl.constexpr):
    """Scale one block."""
    offs = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + offs, mask=offs < n)
    tl.store(o_ptr + offs, x * factor, mask=offs < n)


def scaled(x, factor):
    """Return x times a factor, by a kernel."""
    o = device.empty(x.shape, x.dtype)
    scale_kernel[(triton.cdiv(x.size, 32),)](x, o, x.size, factor, BLOCK=32)
    return o


# %% tags=["task"] task="row_sums"
@triton.jit
def sum_kernel(x_ptr, o_ptr, width, BLOCK: tl.constexpr):
    """Add up one row."""
    row, offs = tl.program_id(0), tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * width + offs, mask=offs < width, other=0.0)
    tl.store(o_ptr + row, tl.sum(x, 0))


def row_sums(x):
    """Return the sum of each row of x, by a kernel."""
    o = device.empty(len(x), x.dtype)
    sum_kernel[(len(x),)](x, o, x.shape[1], BLOCK=triton.next_power_of_2(x.shape[1]))
    return o
