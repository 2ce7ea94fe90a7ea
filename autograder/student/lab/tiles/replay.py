"""Phase two of grading: run recorded launches on the judge's own inputs, metered.

This runs in a process where no student code has run. Kernels are checked again from
their text; memory is laid out anew; nothing in the evidence is trusted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from . import evidence as read
from .errors import TileError
from .launch import check_grid, run
from .memory import Array, Segment, View, count
from .meter import Meter
from .program import Program, link
from .record import FORMAT, LAUNCH_LIMIT, SCALAR_LIMIT, WORKSPACES
from .rewrite import size_of
from .session import BYTES, WORKSPACE_LIMIT
from .state import poison, state

KEYS = {"format", "inputs", "workspaces", "kernels", "launches", "result"}


class Numbers:
    """The different numbers that reach kernels from outside, which say little.

    A host function sees none of the values that its kernels work on (`stand_ins`). An
    answer that it knows all the same, from an earlier test or by guessing, does not fit
    in the bits of its numbers.
    """

    def __init__(self) -> None:
        self.seen: set[object] = set()
        self.bits = 0

    def note(self, value: object) -> None:
        """Count the bits of a number that was not passed before."""
        if type(value) not in (int, float) or value in self.seen:
            return
        self.seen.add(value)
        short = isinstance(value, float) and np.float32(value) == value
        self.bits += (
            value.bit_length() + 1 if isinstance(value, int) else 64 - 32 * short
        )
        if self.bits > read.NUMBER_BITS:
            raise TileError(
                "the different numbers that are passed to the kernels have more than "
                f"{read.NUMBER_BITS:,} bits; what a kernel works on belongs in arrays."
            )


class Memory:
    """The inputs and workspaces of one replay."""

    def __init__(self, evidence: Mapping[str, Any], inputs: Sequence[Array]) -> None:
        layouts = read.items(evidence["inputs"], 64, "the inputs")
        if len(layouts) != len(inputs):
            raise read.malformed("the number of inputs")
        self.inputs = [
            input_segment(layout, array, f"input {i + 1}")
            for i, (layout, array) in enumerate(zip(layouts, inputs, strict=True))
        ]
        self.workspaces = []
        total = 0
        given = read.items(evidence["workspaces"], WORKSPACES, "the workspaces")
        for i, one in enumerate(given):
            segment = workspace_segment(one, f"workspace {i + 1}")
            total += BYTES * segment.data.size
            if total > WORKSPACE_LIMIT:
                raise read.malformed("the size of the workspaces")
            self.workspaces.append(segment)
        self.segments = [*self.inputs, *self.workspaces]

    def view(self, value: object, name: str) -> View:
        """Read a reference to memory."""
        what = f"the memory of {name}"
        if type(value) is dict and value.get("buffer") == "empty":
            kind = read.dtype(value.get("dtype"), what)
            shape = read.sizes(value.get("shape"), what)
            if count(shape):
                raise read.malformed(what)
            segment = Segment(np.empty(0, kind), name)
            return View(segment, 0, shape, tuple(0 for _ in shape), name)
        keys = {"buffer", "index", "offset", "shape", "strides"}
        given = read.table(value, keys, what)
        pools = {"input": self.inputs, "workspace": self.workspaces}
        pool = pools.get(given["buffer"]) if type(given["buffer"]) is str else None
        if pool is None:
            raise read.malformed(what)
        segment = pool[read.whole(given["index"], 0, len(pool) - 1, what)]
        shape, strides, offset = read.window(
            given["shape"], given["strides"], given["offset"], segment.data.size, what
        )
        return View(segment, offset, shape, strides, name)


def input_segment(value: object, array: Array, name: str) -> Segment:
    """Lay the judge's copy of an input out as it lay when the launches were noted."""
    keys = {"shape", "dtype", "strides", "offset", "size"}
    given = read.table(value, keys, name)
    size = read.whole(given["size"], 0, 8 * array.size + 65_536, name)
    shape, strides, offset = read.window(
        given["shape"], given["strides"], given["offset"], size, name
    )
    kind = read.dtype(given["dtype"], name)
    if shape != array.shape or kind != array.dtype:
        raise read.malformed(f"{name} has another shape or dtype")
    storage = np.full(size, poison(kind), kind)
    window(storage, offset, shape, strides)[...] = array
    return Segment(storage, name)


def workspace_segment(value: object, name: str) -> Segment:
    """Allocate what device.empty, zeros or full allocated."""
    given = read.table(value, {"shape", "dtype", "fill"}, name)
    shape = read.sizes(given["shape"], name)
    kind = read.dtype(given["dtype"], name)
    size = count(shape)
    if BYTES * size > WORKSPACE_LIMIT:
        raise read.malformed(f"the size of {name}")
    fill = given["fill"]
    if fill is None:
        return Segment(
            np.full(size, poison(kind), kind), name, written=np.zeros(size, np.bool_)
        )
    numbers = (int, float, bool)
    if type(fill) not in numbers or (type(fill) is int and fill.bit_length() > 62):
        raise read.malformed(f"the filling of {name}")
    with np.errstate(all="ignore"):
        return Segment(np.full(size, fill).astype(kind), name)


def window(storage: Array, offset: int, shape: Any, strides: Any) -> Array:
    """Return a strided window that `evidence.window` has checked."""
    if count(shape) == 0:
        return np.empty(shape, storage.dtype)
    steps = [s * storage.itemsize for s in strides]
    return as_strided(storage[offset:], shape, steps)


def replay(
    evidence: object,
    inputs: Sequence[Array],
    shuffle: int | None = None,
    writes: Sequence[int] = (),
    submitted: str | None = None,
) -> dict[str, Any]:
    """Run recorded launches on these inputs and meter them.

    Args:
        evidence: what `record` returned; not trusted.
        inputs: the judge's own copies of the array arguments, in `arrays_in`'s order.
        shuffle: a seed for the order in which the programs of each launch run.
        writes: the inputs, by place, that kernels may write.
        submitted: the submission's text, if every kernel must stand in it.

    Returns:
        Plain values: `outputs` nested as the host function returned them; `loads` and
        `stores` (bytes by kernel argument), `loaded_bytes`, `stored_bytes`,
        `load_count`, `store_count`, `launches`, `programs`, `largest_block`
        (elements), `busiest_bytes` (that one program loaded), `rewrites`, `races` and
        `uninitialised` (sentences), `unwritten_outputs` (elements that no program
        wrote), `written` (by place, the inputs in `writes` as the kernels left them)
        and `per_launch`.

    Raises:
        TileError: a kernel is at fault or the evidence is; one to three lines.
    """
    given = read.table(evidence, KEYS, "its parts")
    read.whole(given["format"], FORMAT, FORMAT, "its format")
    memory = Memory(given, inputs)
    allowed = None if submitted is None else read.normal(submitted)
    bundles = read.items(given["kernels"], read.KERNELS, "the kernels")
    kernels = [read.bundle(b, allowed) for b in bundles]
    length = sum(size_of(f["source"]) for b in kernels for f in b)
    if length > read.ALL_SOURCES:
        raise read.malformed("the size of the kernels")
    numbers = Numbers()
    for function in (f for kernel in kernels for f in kernel):
        for value in function["constants"].values():
            numbers.note(value)
    for workspace in given["workspaces"]:
        numbers.note(workspace["fill"])
    programs = [link(kernel) for kernel in kernels]
    total, each = Meter(), []
    launches = read.items(given["launches"], LAUNCH_LIMIT, "the launches")
    with state.limited(length):
        for place, launch in enumerate(launches):
            seed = None if shuffle is None else shuffle + place
            try:
                meter = run_one(launch, programs, memory, numbers, seed)
            finally:
                if submitted is None:  # else nobody reads it
                    state.tell_printed()
            total.add(meter)
            each.append(meter.as_dict())
        returned: set[int] = set()
        outputs, unwritten = result(given["result"], memory, returned)
    for i, segment in enumerate(memory.inputs):
        if i in writes or not (segment.changed or id(segment) in returned):
            continue
        does = "a kernel writes to" if segment.changed else "it returns"
        raise TileError(
            f"{does} array argument {i + 1} of the host function; "
            "the result is what device.empty made."
        )
    written = {
        i: input_now(given["inputs"][i], memory.inputs[i]) for i in sorted(set(writes))
    }
    summary = total.as_dict()
    del summary["kernel"], summary["grid"]
    return {
        "outputs": outputs,
        **summary,
        "unwritten_outputs": unwritten,
        "written": written,
        "per_launch": each,
    }


def run_one(
    launch: object,
    programs: Sequence[Program],
    memory: Memory,
    numbers: Numbers,
    seed: int | None,
) -> Meter:
    """Read one launch and run it."""
    given = read.table(launch, {"kernel", "grid", "arguments"}, "a launch")
    place = read.whole(given["kernel"], 0, len(programs) - 1, "a launch's kernel")
    program = programs[place]
    grid = check_grid(program.name, read.items(given["grid"], 3, "a grid"))
    values = given["arguments"]
    if type(values) is not dict or len(values) > read.PARAMETERS:
        raise read.malformed("a launch's arguments")
    if set(values) != {p.name for p in program.parameters}:
        raise read.malformed("a launch's arguments")
    arguments: dict[str, object] = {}
    scalars = 0
    for parameter in program.parameters:
        value, name = values[parameter.name], parameter.name
        if type(value) is dict and set(value) == {"view"}:
            if parameter.constexpr:
                raise read.malformed(f"an array for the constexpr {name}")
            arguments[name] = memory.view(value["view"], name)
        else:
            scalars += 1
            arguments[name] = read.plain(value, f"argument {name}")
            numbers.note(arguments[name])
    if scalars > SCALAR_LIMIT:
        raise read.malformed("too many numbers in a launch")
    views = [v for v in arguments.values() if isinstance(v, View)]
    used = {id(v.segment): v.segment for v in views}
    for segment in used.values():  # each is looked through and kept before a launch
        state.spend(segment.data.size)
    return run(program, grid, arguments, list(used.values()), seed)


def result(
    value: object, memory: Memory, returned: set[int], depth: int = 0
) -> tuple[Any, int]:
    """Read the result; return it and how many of its elements nothing wrote."""
    if type(value) is not dict or len(value) != 1 or depth > 5:
        raise read.malformed("the result")
    state.spend(0)
    kind, inner = next(iter(value.items()))
    if kind == "view":
        view = memory.view(inner, "the result")
        returned.add(id(view.segment))
        array = window(view.segment.data, view.base, view.shape, view.strides)
        state.spend(array.nbytes)
        missing = 0
        if view.segment.written is not None:
            done = window(view.segment.written, view.base, view.shape, view.strides)
            missing = int(done.size - np.count_nonzero(done))
        return array.copy(), missing
    if kind == "value":
        if type(inner) is not str or len(inner) > 1000:
            return read.plain(value, "the result"), 0
        return inner, 0
    parts = read.items(inner, 64, "the result")
    pairs = [
        result(p[1] if kind == "dict" else p, memory, returned, depth + 1)
        for p in parts
        if kind != "dict" or (type(p) is list and len(p) == 2 and type(p[0]) is str)
    ]
    if kind not in ("tuple", "list", "dict") or len(pairs) != len(parts):
        raise read.malformed("the result")
    values = [v for v, _ in pairs]
    count_ = sum(n for _, n in pairs)
    if kind == "dict":
        return {p[0]: v for p, v in zip(parts, values, strict=True)}, count_
    return (tuple(values) if kind == "tuple" else values), count_


def input_now(layout: Mapping[str, Any], segment: Segment) -> Array:
    """Return an input as the kernels left it."""
    shape, strides, offset = tuple(layout["shape"]), layout["strides"], layout["offset"]
    return window(segment.data, offset, shape, strides).copy()
