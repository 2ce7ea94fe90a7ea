"""On a GPU: reference kernels against a library's operator.

Each iteration has inputs of its own, and outputs that nothing has written yet; the L2
cache is flushed before each timing, both sides take turns in going first, and every
output is compared. A launch is held back until it is queued whole, so that the time is
the GPU's and not Python's.
"""

from __future__ import annotations

import functools
import importlib
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from autograder.kernels.agreement import difference
from autograder.kernels.calls import HostCall, record_call
from autograder.kernels.on_triton import OnTriton

ITERATIONS = 25
WARM_UP = 3  # iterations before them, which compile the kernels; compared all the same
_FLUSHED = 256 * 2**20  # bytes written before each timing; an H200's L2 holds 60 MB
_HELD_CYCLES = 2_000_000  # of the GPU's clock, about a millisecond


class Clock(Protocol):
    """What times work on a device."""

    where: str

    def ms(self, work: Callable[[], object]) -> float:
        """Return the milliseconds of some work that begins with a cold cache."""


class GpuClock:
    """Times by the GPU's own events."""

    where = "cuda"

    def __init__(self) -> None:
        torch: Any = importlib.import_module("torch")
        self.cuda = torch.cuda
        self.cold = torch.empty(_FLUSHED, dtype=torch.int8, device="cuda")

    def ms(self, work: Callable[[], object]) -> float:
        """Flush the cache, hold the queue, and time the work between two events."""
        start, end = (self.cuda.Event(enable_timing=True) for _ in range(2))
        self.cold.zero_()
        self.cuda._sleep(_HELD_CYCLES)
        start.record()
        work()
        end.record()
        end.synchronize()
        return float(start.elapsed_time(end))


@dataclass(frozen=True)
class Timing:
    """One call, timed beside its library."""

    name: str
    shapes: str
    ours_ms: list[float]
    library_ms: list[float]
    off: float  # the largest difference of all iterations, in tolerances
    problem: str = ""  # why there are no times, or why they are worth nothing

    @property
    def ratio(self) -> float | None:
        """How many times longer than the library's our kernels take."""
        if not self.ours_ms:
            return None
        return statistics.median(self.ours_ms) / statistics.median(self.library_ms)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data, the ratio included."""
        return asdict(self) | {"ratio": self.ratio}


def against_library(
    call: HostCall, module: Any, clock: Clock, iterations: int = ITERATIONS
) -> Timing:
    """Time a reference's host function beside the library's operator."""
    assert call.library is not None
    torch: Any = importlib.import_module("torch")
    recorded = record_call(call, module)
    rng = np.random.default_rng(1)
    ours_ms: list[float] = []
    library_ms: list[float] = []
    off = 0.0

    def timing(problem: str = "") -> Timing:
        times = ([], []) if problem else (ours_ms, library_ms)
        return Timing(call.name, recorded.shapes, *times, off, problem)

    with tempfile.TemporaryDirectory() as folder:
        triton = OnTriton(recorded.evidence, Path(folder), clock.where)
        for number in range(WARM_UP + iterations):
            memory = triton.memory(call.inputs(rng))
            who = "the library"
            try:
                theirs = call.library(torch, *memory.inputs(recorded.evidence))
                wanted = listed(theirs())
                who = "the kernel"
                sides: list[tuple[Callable[[], object], list[float]]] = [
                    (functools.partial(triton.run, memory), ours_ms),
                    (theirs, library_ms),
                ]
                for work, times in sides if number % 2 else sides[::-1]:
                    taken = clock.ms(work)
                    if number >= WARM_UP:
                        times.append(taken)
            except ImportError as error:
                return timing(f"{error.name or error} is not installed")
            except Exception as error:  # what was not built for this card, say
                return timing(f"{who} fails: {' '.join(str(error).split())[:200]}")
            for one, other in zip(triton.outputs(memory), wanted, strict=False):
                far = difference(plain(one), plain(other), call.tolerance)
                off = max(off, far)
            if off > 1:
                return timing(f"{off:.2g} tolerances off the library")
    return timing()


def listed(result: Any) -> list[Any]:
    """Return what an operator returned as a list of tensors."""
    return list(result) if isinstance(result, tuple | list) else [result]


def plain(tensor: Any) -> Any:
    """Return a tensor as a NumPy array."""
    return tensor.detach().cpu().numpy()
