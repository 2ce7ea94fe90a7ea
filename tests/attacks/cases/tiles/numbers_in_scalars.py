"""Compute in NumPy; carry the answer in as numbers, twenty a launch.

task: scaled
verdict: wrong | crash
"""


@triton.jit
def scale_kernel(
    o_ptr, a, b, c, d, e, f, g, h, i, j, k, m, n, p, q, r, s, t, u, v,
):  # fmt: skip
    tl.store(o_ptr, a)
    tl.store(o_ptr + 1, b)
    tl.store(o_ptr + 2, c)
    tl.store(o_ptr + 3, d)
    tl.store(o_ptr + 4, e)
    tl.store(o_ptr + 5, f)
    tl.store(o_ptr + 6, g)
    tl.store(o_ptr + 7, h)
    tl.store(o_ptr + 8, i)
    tl.store(o_ptr + 9, j)
    tl.store(o_ptr + 10, k)
    tl.store(o_ptr + 11, m)
    tl.store(o_ptr + 12, n)
    tl.store(o_ptr + 13, p)
    tl.store(o_ptr + 14, q)
    tl.store(o_ptr + 15, r)
    tl.store(o_ptr + 16, s)
    tl.store(o_ptr + 17, t)
    tl.store(o_ptr + 18, u)
    tl.store(o_ptr + 19, v)


def scaled(x, factor):
    o, answer = device.empty(x.shape, x.dtype), x * factor
    for first in range(0, 100, 20):
        scale_kernel[(1,)](o[first:], *map(float, answer[first : first + 20]))
    return o
