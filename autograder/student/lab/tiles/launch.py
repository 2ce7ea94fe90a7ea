"""Run a kernel over its grid: one program after another, in any order asked for."""

from __future__ import annotations

import difflib
import inspect
import re
import traceback
from collections.abc import Mapping, Sequence

import numpy as np

from .dtypes import float32, int1
from .errors import AccessError, LanguageError, TileError
from .grammar import FUNCTIONS
from .memory import Segment, View
from .meter import Meter
from .program import Program
from .races import Again, Port
from .state import state
from .values import Pointer, Tensor, scalar

PROGRAM_LIMIT = 65_536
_KEYWORD = re.compile(r"tl\.(\w+)\(\) got an unexpected keyword argument '(\w+)'")
Grid = tuple[int, int, int]


def check_grid(kernel: str, dims: Sequence[object]) -> Grid:
    """Check a grid and fill it up to three axes."""
    sizes = []
    for dim in dims:
        if not isinstance(dim, int | np.integer) or isinstance(dim, bool):
            raise TileError(f"{kernel}: a grid is a tuple of ints, got {dims!r}."[:200])
        sizes.append(int(dim))
    if not 1 <= len(sizes) <= 3:
        raise TileError(f"{kernel}: a grid has one to three axes, got {len(sizes)}.")
    if min(sizes) < 0:
        raise TileError(f"{kernel}: a grid of {tuple(sizes)} is negative.")
    programs = 1
    for size in sizes:
        programs *= size
    if programs > PROGRAM_LIMIT:
        raise TileError(
            f"{kernel}: a grid of {programs:,} programs; the simulator runs "
            f"{PROGRAM_LIMIT:,}. Give each program a larger tile."
        )
    x, y, z = (*sizes, 1, 1)[:3]
    return x, y, z


def run(
    program: Program,
    grid: Grid,
    arguments: Mapping[str, object],
    segments: Sequence[Segment],
    shuffle: int | None = None,
) -> Meter:
    """Run every program of a launch and return what it moved.

    Args:
        program: the linked kernel.
        grid: programs along each axis.
        arguments: by parameter name: a View for an array, else a plain value.
        segments: the memory that the views point to, each once.
        shuffle: a seed for the order of the programs; None runs them in grid order.
    """
    count = grid[0] * grid[1] * grid[2]
    order = np.arange(count)
    if shuffle is not None:
        order = np.random.default_rng(shuffle).permutation(count)
    values = [
        _argument(p.name, arguments[p.name], p.constexpr) for p in program.parameters
    ]
    while True:
        meter = Meter(kernel=program.name, grid=grid, programs=count, launches=1)
        try:
            _run_all(program, grid, values, segments, order.tolist(), meter)
        except Again:
            for segment in segments:
                segment.restore()
            continue
        meter.largest_block = state.largest_block
        return meter


def _run_all(
    program: Program,
    grid: Grid,
    values: Sequence[object],
    segments: Sequence[Segment],
    order: Sequence[int],
    meter: Meter,
) -> None:
    state.start(grid)
    for segment in segments:
        segment.begin()
    Port.meter = meter
    try:
        with np.errstate(all="ignore"):
            for number in order:
                state.enter(number)
                before = meter.loaded_bytes
                program.function(*values)
                loaded = meter.loaded_bytes - before
                meter.busiest_bytes = max(meter.busiest_bytes, loaded)
    except Again:
        raise
    except TileError as error:
        raise _located(program, error, str(error)) from None
    except TypeError as error:
        raise _located(program, error, f"{_plainly(error)}.") from None
    except RecursionError:
        raise TileError(f"{program.name}: the calls are nested too deeply.") from None
    except MemoryError:
        raise TileError(f"{program.name}: the blocks need too much memory.") from None
    except Exception as error:
        text = f"the simulator cannot run this ({type(error).__name__}: {error})."
        raise _located(program, error, text[:300]) from None
    finally:
        state.running = False


def _plainly(error: TypeError) -> str:
    """Say of a keyword that a function does not have which ones it has."""
    found = _KEYWORD.match(str(error))
    function = FUNCTIONS.get(found[1]) if found else None
    if found is None or function is None:
        return str(error)
    names = [n for n in inspect.signature(function).parameters if n != "input"]
    near = difflib.get_close_matches(found[2], names, 1)
    hint = f"; write `{near[0]}`" if near else f" (it has {', '.join(names)})"
    return f"tl.{found[1]} has no `{found[2]}`{hint}"


def _located(program: Program, error: Exception, text: str) -> TileError:
    """Put the kernel, the line and the program before what happened."""
    place = program.name
    source = ""
    for frame in traceback.extract_tb(error.__traceback__):
        name = frame.filename.removeprefix("<kernel ").removesuffix(">")
        if frame.filename.startswith("<kernel ") and name in program.lines:
            lines = program.lines[name]
            number = frame.lineno or 1
            place = f"{name}, line {number}"
            if 0 < number <= len(lines):
                source = f"\n  {lines[number - 1].strip()[:100]}"
    kind = type(error) if isinstance(error, AccessError | LanguageError) else TileError
    return kind(f"{place}, {state.where()}: {text}{source}")


def _argument(name: str, value: object, constexpr: bool) -> object:
    """Turn an argument into what the kernel sees."""
    if isinstance(value, View):
        return Pointer(np.int64(0), value)
    if constexpr or value is None:
        return value
    if isinstance(value, bool):
        return Tensor(np.bool_(value), int1)
    if isinstance(value, int):
        return scalar(value)
    if isinstance(value, float):
        return Tensor(np.float32(value), float32)
    raise TileError(
        f"{name}: {type(value).__name__} arguments are compile-time; annotate the "
        "parameter with tl.constexpr."
    )
