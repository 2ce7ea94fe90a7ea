"""Keep the judge busy with grids that are as large as a grid may be.

task: row_sums
verdict: wrong | crash
"""


@triton.jit
def idle_kernel(o_ptr):
    tl.store(o_ptr + tl.program_id(0), 1.0)


def row_sums(x):
    o = device.empty(65_536, x.dtype)
    for _ in range(64):
        idle_kernel[(65_536,)](o)
    return o[:3]
