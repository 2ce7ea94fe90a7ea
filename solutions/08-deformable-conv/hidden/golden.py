"""Configurations whose answers torchvision gave: `golden/make.py` wrote them.

Inputs are made from raw bits of a PCG64 generator, whose stream NumPy keeps for good.
"""

from functools import cache
from pathlib import Path

import numpy as np

COUNT = 240
ASKED = range(40)  # what each submission is asked of these
ASKED_LOOPS = range(7, 19)  # what its loops are asked: small ones
DATA = Path(__file__).parent.parent / "golden" / "torchvision.npz"


class Raw:
    """Numbers from raw bits."""

    def __init__(self, seed):
        self._bits = np.random.PCG64(seed)

    def pick(self, low, high):
        """Return an int from low to high, both included."""
        return low + int(self._bits.random_raw() >> 33) % (high - low + 1)

    def pair(self, low, high):
        return self.pick(low, high), self.pick(low, high)

    def array(self, shape, size=1.0):
        """Return float64 numbers between -size and size."""
        raw = self._bits.random_raw(int(np.prod(shape))) >> np.uint64(11)
        made = (raw.reshape(shape) * 2.0**-52 - 1.0) * size
        made.setflags(write=False)  # it is made once for all submissions
        return made


@cache
def configuration(number):
    """Return (x, offset, weight, bias, dy) and the options of one configuration."""
    raw = Raw(number)
    groups, offset_groups = raw.pick(1, 2), raw.pick(1, 3)
    channels = int(np.lcm(groups, offset_groups)) * raw.pick(1, 2)
    outputs, batch = groups * raw.pick(1, 3), raw.pick(1, 2)
    kernel, stride = raw.pair(1, 3), raw.pair(1, 3)
    padding, dilation = raw.pair(0, 2), raw.pair(1, 3)
    sides, out = [], []
    for k, s, p, d in zip(kernel, stride, padding, dilation, strict=True):
        n = raw.pick(1, 4)
        side = (n - 1) * s + d * (k - 1) + 1 - 2 * p + raw.pick(0, s - 1)
        sides.append(max(side, 2))
        out.append((sides[-1] + 2 * p - d * (k - 1) - 1) // s + 1)
    taps = kernel[0] * kernel[1]
    arrays = (
        raw.array((batch, channels, *sides), 2.0),
        raw.array((batch, 2 * offset_groups * taps, *out), (0.5, 2.0, 6.0)[number % 3]),
        raw.array((outputs, channels // groups, *kernel)),
        raw.array((outputs,)),
        raw.array((batch, outputs, *out)),
    )
    return arrays, {"stride": stride, "padding": padding, "dilation": dilation}


@cache
def probes(number):
    """Return a fixed array for each gradient; its product with the gradient is kept."""
    arrays, _ = configuration(number)
    return [
        Raw(10_000 + 4 * number + k).array(a.shape) for k, a in enumerate(arrays[:4])
    ]


@cache
def answers():
    """Return torchvision's outputs, one a configuration, and products (COUNT, 4)."""
    with np.load(DATA) as data:
        flat, products = data["outputs"].astype(np.float64), data["products"]
    outputs, start = [], 0
    for number in range(COUNT):
        shape = configuration(number)[0][4].shape
        end = start + int(np.prod(shape))
        outputs.append(flat[start:end].reshape(shape))
        start = end
    return outputs, products
