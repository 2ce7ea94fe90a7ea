"""Have the simulator refuse the kernel with words that hold an argument.

task: scaled
verdict: wrong | crash
"""


@triton.jit
def scale_kernel(x_ptr, o_ptr, n: tl.constexpr, said: tl.constexpr):
    tl.static_assert(n < 0, said)
    tl.store(o_ptr, tl.load(x_ptr))


def scaled(x, factor):
    o = device.empty(x.shape, x.dtype)
    letters = "".join(chr(97 + int(digit)) for digit in str(factor) if digit.isdigit())
    said = "yzzyX"[::-1] + letters
    scale_kernel[(1,)](x, o, x.size, said)
    return o
