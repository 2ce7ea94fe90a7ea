"""The kernels that the chapter shows: a copy, one without its mask, and a race."""

from autograder.lab.tiles import device, tl, triton


# --8<-- [start:copy]
@triton.jit
def copy_kernel(x_ptr, o_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0)  # (1) which program am I?
    offs = i * BLOCK + tl.arange(0, BLOCK)  # (2) my lanes: BLOCK offsets
    mask = offs < n  # (3) the last block sticks out
    x = tl.load(x_ptr + offs, mask=mask)  # (4) from HBM to the chip
    tl.store(o_ptr + offs, x, mask=mask)  # (5) and back


def copied(x, *, block=64):
    x = device.put(x)  # (6) to where kernels can read it
    o = device.empty(x.shape[0], x.dtype)  # (7) memory that nobody wrote yet
    grid = (triton.cdiv(x.shape[0], block),)  # (8) how many programs
    copy_kernel[grid](x, o, x.shape[0], BLOCK=block)  # (9) the launch
    return o
    # --8<-- [end:copy]


@triton.jit
def reckless_kernel(x_ptr, o_ptr, BLOCK: tl.constexpr):
    """Copy as above, without a mask."""
    offs = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + offs)
    tl.store(o_ptr + offs, x)


# --8<-- [start:race]
@triton.jit
def count_kernel(x_ptr, counts_ptr, n, BLOCK: tl.constexpr):
    offs = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + offs, mask=offs < n, other=0)
    old = tl.load(counts_ptr + x, mask=offs < n, other=0)
    tl.store(counts_ptr + x, old + 1, mask=offs < n)
    # --8<-- [end:race]


@triton.jit
def walk_kernel(x_ptr, o_ptr, hits_ptr, M, N, limit, BLOCK: tl.constexpr):
    """Copy a matrix in tiles, for the figure; `limit` is where a row's mask ends."""
    rows = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    cols = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    at = rows[:, None] * N + cols[None, :]
    mask = (rows[:, None] < M) & (cols[None, :] < limit) & (at < M * N)
    tl.store(o_ptr + at, tl.load(x_ptr + at, mask=mask), mask=mask)
    tl.atomic_add(hits_ptr + at, 1, mask=mask)
