"""Keep the judge busy with helpers that call helpers, without any loop.

task: row_sums
verdict: wrong | crash
"""


@triton.jit
def one(n):
    return n + n + n + n + n + n + n + n + n + n + n + n + n + n + n + n


@triton.jit
def two(n):
    return one(n) + one(n) + one(n) + one(n) + one(n) + one(n) + one(n) + one(n)


@triton.jit
def three(n):
    return two(n) + two(n) + two(n) + two(n) + two(n) + two(n) + two(n) + two(n)


@triton.jit
def four(n):
    return three(n) + three(n) + three(n) + three(n) + three(n) + three(n) + three(n)


@triton.jit
def five(n):
    return four(n) + four(n) + four(n) + four(n) + four(n) + four(n) + four(n)


@triton.jit
def sum_kernel(o_ptr):
    n = tl.arange(0, 1024)
    tl.store(o_ptr + tl.arange(0, 1024), five(n).to(tl.float32))


def row_sums(x):
    o = device.empty(1024, x.dtype)
    sum_kernel[(1,)](o)
    return o[:3]
