"""The one program that is running: its number and what its launch has used."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from .errors import TileError

BLOCK_LIMIT = 1 << 20  # elements; Triton's TRITON_MAX_TENSOR_NUMEL
LOOP_LIMIT = 2_000_000  # iterations in one launch, all programs together
WHILE_LIMIT = 250_000  # turns of `while` in one program; a replay's work ends sooner
WORK_LIMIT = 1 << 26  # of one replay
OPERATION = 256  # work of an operation, beside one for each element
PROGRAM = 2048  # work of a program, beside its operations


_TOO_MUCH = (
    "the launches of this call do too much to be simulated; use fewer programs and "
    "fewer passes over the data."
)


class State:
    """Mutable facts about the current launch, read by the language's functions."""

    def __init__(self) -> None:
        self.running = False
        self.grid: tuple[int, int, int] = (1, 1, 1)
        self.program: tuple[int, int, int] = (0, 0, 0)
        self.number = 0  # 1 + the program's place in the grid; 0: none
        self.largest_block = 0
        self.iterations = 0
        self.turns = 0  # of `while` loops, in this program
        self.printed: list[str] = []
        self.work = 0  # operations and their elements, over all launches
        self.most_work: float = math.inf
        self.passage = 0  # work of a program, a call or an iteration, however short

    @contextmanager
    def limited(self, source: int) -> Iterator[None]:
        """Bound the work inside the `with` block by counting, not by a clock.

        Args:
            source: characters of all kernels; an iteration may run through them all.
        """
        self.work, self.most_work, self.passage = 0, WORK_LIMIT, source
        try:
            yield
        finally:
            self.most_work = math.inf

    def spend(self, elements: int) -> None:
        """Count one operation on so many elements."""
        self.work += elements + OPERATION
        if self.work > self.most_work:
            raise TileError(_TOO_MUCH)

    def start(self, grid: tuple[int, int, int]) -> None:
        """Begin a launch: forget what the previous one used."""
        self.running = True
        self.grid = grid
        self.largest_block = 0
        self.iterations = 0
        self.printed = []

    def tell_printed(self) -> None:
        """Print what the kernels of the launch printed, once."""
        printed, self.printed = self.printed, []
        print(*printed, sep="\n", end="\n" if printed else "")

    def enter(self, number: int) -> None:
        """Become program `number` (from 0, the last grid axis fastest)."""
        self.spend(PROGRAM + self.passage)
        self.number = number + 1
        self.turns = 0
        self.program = self.place(number)

    def place(self, number: int) -> tuple[int, int, int]:
        """Return the program_ids of a program by its number."""
        _, ny, nz = self.grid
        return number // (ny * nz), number // nz % ny, number % nz

    def step(self) -> None:
        """Count one iteration of a loop."""
        self.spend(self.passage)
        self.iterations += 1
        self.check_turns(0)

    def check_turns(self, more: int) -> None:
        """Refuse a loop that is to run so many times more, before it does."""
        if self.iterations + more > LOOP_LIMIT:
            raise TileError(
                f"the loops of this launch run more than {LOOP_LIMIT:,} times; "
                "check the bounds and the step of the loop."
            )

    def turn(self) -> None:
        """Count one turn of a `while`, whose end nothing promises."""
        self.step()
        self.turns += 1
        if self.turns > WHILE_LIMIT:
            raise TileError(
                f"a `while` ran {WHILE_LIMIT:,} times in one program and goes on: "
                "does its condition ever become false?"
            )

    def note_block(self, size: int) -> None:
        """Remember the largest block that was held on chip."""
        self.work += size + OPERATION  # as `spend`: every operation comes by here
        if self.work > self.most_work:
            raise TileError(_TOO_MUCH)
        if size > self.largest_block:
            if size > BLOCK_LIMIT:
                raise TileError(
                    f"a block of {size:,} elements; Triton allows {BLOCK_LIMIT:,}. "
                    "Use smaller tiles and a loop."
                )
            self.largest_block = size

    def where(self, number: int | None = None) -> str:
        """Name a program, this one if none is given, as many ids as the grid has."""
        ids = self.program if number is None else self.place(number)
        axes = 3 if self.grid[2] > 1 else 2 if self.grid[1] > 1 else 1
        return f"program {ids[0]}" if axes == 1 else f"program {ids[:axes]}"


state = State()

# What an element holds that nothing wrote: a NaN with a payload that no operation
# makes by itself, or an odd number far from any index.
_BITS = {
    "float16": 0x7E5D,
    "float32": 0x7FC05EED,
    "float64": 0x7FF85EED5EED5EED,
    "int8": 0xA3,
    "int16": 0xA5A5,
    "int32": 0xA5A5A5A5,
    "int64": 0xA5A5A5A5A5A5A5A5,
    "bool": 1,
}
_POISON = {
    np.dtype(name): np.array(bits, f"u{np.dtype(name).itemsize}").view(name)[()]
    for name, bits in _BITS.items()
}


def poison(dtype: np.dtype[Any]) -> Any:
    """Return the value that marks an element of `dtype` as never written."""
    return _POISON[dtype]
