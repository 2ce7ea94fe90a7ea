"""Times toy calls beside a library on the interpreter: what a GPU does, rehearsed.

python -m tests.conformance.timed, with TRITON_INTERPRET=1, prints a line of JSON each.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from autograder.kernels.calls import HostCall
from autograder.kernels.gpu import against_library
from autograder.student.lab.tiles import device, tl, triton


@triton.jit
def kernel(x_ptr, o_ptr, n, B: tl.constexpr):
    offs = tl.program_id(0) * B + tl.arange(0, B)
    x = tl.load(x_ptr + offs, mask=offs < n, other=0.0)
    tl.store(o_ptr + offs, 2 * x, mask=offs < n)
    tl.atomic_add(o_ptr + n, tl.sum(x, 0))


def doubled(x: Any) -> Any:
    """Return 2x, and the sum of x in memory that begins as zeros."""
    x = device.put(x)
    o = device.zeros(x.shape[0] + 1, "float32")
    kernel[(triton.cdiv(x.shape[0], 16),)](x, o, x.shape[0], B=16)
    return o


class HereClock:
    """Times work on the CPU."""

    where = "cpu"

    def ms(self, work: Callable[[], object]) -> float:
        """Return how long it took."""
        start = time.perf_counter()
        work()
        return 1e3 * (time.perf_counter() - start)


def right(torch: Any, x: Any) -> Callable[[], Any]:
    return lambda: (torch.cat([2 * x, x.sum()[None]]), "not compared")


def wrong(torch: Any, x: Any) -> Callable[[], Any]:
    return lambda: torch.cat([3 * x, x.sum()[None]])


def missing(torch: Any, x: Any) -> Callable[[], Any]:
    import no_such_library  # type: ignore[import-not-found]

    return lambda: no_such_library.double(x)


def failing(torch: Any, x: Any) -> Callable[[], Any]:
    raise RuntimeError("operator::double\n does not exist")


if __name__ == "__main__":
    host = SimpleNamespace(doubled=doubled)
    for library in (right, wrong, missing, failing):
        call = HostCall(
            "00-toy",
            "doubled",
            lambda rng: [rng.integers(-9, 9, 50).astype("float32")],
            1e-5,
            library=library,
        )
        print(json.dumps(against_library(call, host, HereClock(), 4).as_dict()))
