"""The smallest whole kernel: y = 2x, a block at a time. The chapter shows it."""

from autograder.lab.tiles import device, tl, triton


# --8<-- [start:kernel]
@triton.jit
def double(x_ptr, y_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0)  # which program am I?
    offs = i * BLOCK + tl.arange(0, BLOCK)  # a block of addresses
    mask = offs < n  # the last block sticks out
    x = tl.load(x_ptr + offs, mask=mask, other=0.0)  # from HBM to the chip
    tl.store(y_ptr + offs, 2 * x, mask=mask)  # and back


def doubled(x):
    y = device.empty(x.shape, x.dtype)
    grid = (triton.cdiv(x.shape[0], 4),)
    double[grid](x, y, x.shape[0], BLOCK=4)  # a launch
    return y
    # --8<-- [end:kernel]
