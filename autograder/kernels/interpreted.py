"""On a CPU: what kernels move, and how fast the simulator is beside the interpreter.

Both run the same recorded launches in turns, in this process; what they give and the
bytes that they count must agree. CPU seconds are compared, as ratios.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from autograder.kernels.agreement import difference
from autograder.kernels.calls import HostCall, Recorded
from autograder.kernels.on_triton import OnTriton, arrays, counted

ROUNDS = 7
#: The interpreter's turn is one run, the simulator's as many as it is faster, about.
SIMULATED = 5


@dataclass(frozen=True)
class Speed:
    """One call: what it moves, and the CPU milliseconds of each run."""

    name: str
    shapes: str
    programs: int
    loaded_bytes: int
    stored_bytes: int
    simulator_ms: list[float]
    interpreter_ms: list[float]  # none where Triton is not installed

    @property
    def ratio(self) -> float | None:
        """How many times faster the simulator is: the medians' ratio."""
        if not self.interpreter_ms:
            return None
        medians = map(statistics.median, (self.interpreter_ms, self.simulator_ms))
        theirs, ours = medians
        return theirs / ours

    def as_dict(self) -> dict[str, Any]:
        """Return plain data, the ratio included."""
        return asdict(self) | {"ratio": self.ratio}


def has_interpreter() -> bool:
    """Say whether Triton and PyTorch are installed."""
    return all(importlib.util.find_spec(name) for name in ("triton", "torch"))


def measure(call: HostCall, recorded: Recorded, rounds: int = ROUNDS) -> Speed:
    """Run a recorded call on both in turns.

    Raises:
        ValueError: their results or bytes differ; then nothing is worth timing.
    """
    replayed = recorded.on_simulator()
    moved = replayed["loaded_bytes"], replayed["stored_bytes"]
    ours: list[float] = []
    theirs: list[float] = []

    def simulate() -> None:
        recorded.on_simulator()

    if not has_interpreter():
        ours = [_cpu_ms(simulate) for _ in range(rounds)]
    else:
        os.environ["TRITON_INTERPRET"] = "1"
        importlib.import_module("torch").set_num_threads(1)
        with tempfile.TemporaryDirectory() as folder:
            triton = OnTriton(recorded.evidence, Path(folder))
            _agree(call, triton, recorded, arrays(replayed["outputs"]), moved)
            for _ in range(rounds):
                run = functools.partial(triton.run, triton.memory(recorded.inputs))
                theirs.append(_cpu_ms(run))
                ours += [_cpu_ms(simulate) for _ in range(SIMULATED)]
    return Speed(call.name, recorded.shapes, recorded.programs, *moved, ours, theirs)


def _agree(
    call: HostCall,
    triton: OnTriton,
    recorded: Recorded,
    ours: Sequence[Any],
    moved: tuple[int, int],
) -> None:
    memory = triton.memory(recorded.inputs)
    with counted() as theirs:
        triton.run(memory)
    if (theirs.loaded, theirs.stored) != moved:
        raise ValueError(f"{call.name}: the interpreter moves other bytes")
    for one, other in zip(ours, triton.outputs(memory), strict=True):
        far = difference(one, other.numpy(), call.tolerance)
        if far > 1:
            raise ValueError(
                f"{call.name}: the interpreter's result is {far:.2g} tolerances off"
            )


def _cpu_ms(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return 1e3 * (time.process_time() - start)
