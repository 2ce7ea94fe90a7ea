"""Shows a failing public test as a few lines of Python to paste and run.

The lines ask what the test asked, of the student's own file: nothing of the test's
harness is needed to run them, nor to go through them with a debugger.
"""

from __future__ import annotations

import ast
import inspect
import re
import types
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from autograder.student.asked import Asked
from autograder.student.bundle import NEUTRAL
from autograder.student.handle import ByHandle, Handle
from autograder.student.report import Message
from autograder.student.tensors import array_of, is_tensor
from autograder.student.testing.check import Counted
from autograder.student.testing.ranks import LINK

_INLINE = 32  # elements of an array that is written out
_SHORT, _CHARACTERS = 160, 400  # or of one whose numbers have few digits
_UNARY = {"neg": "-", "pos": "+"}
_BINARY = {
    **{"add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//"},
    **{"mod": "%", "pow": "**", "matmul": "@"},
}


class Unwritable(Exception):
    """The case holds what has no text."""


def script(
    asked: Sequence[Asked], got: Any, message: Message | None, answer: Path, data: Path
) -> tuple[str, dict[str, Any]]:
    """Write a failing case.

    Args:
        asked: what the test asked up to its end, in order.
        got: the answer that a check found wrong, if one did.
        message: what the check says.
        answer: the student's file.
        data: where large arrays will be saved.

    Returns:
        The lines, and the arrays to save.

    Raises:
        Unwritable: the case holds what has no text.
    """
    writer = _Writer(data)
    steps = [writer.step(one) for one in _needed(asked, got)]
    told = [] if message is None else str(message).splitlines()
    lines = [
        *writer.imports(answer),
        *writer.definitions,
        *steps,
        f"print({writer.last})" if writer.last else "",
        *(f"# {line}" for line in told),
    ]
    return "\n".join(filter(None, lines)), writer.arrays


def elements(asked: Sequence[Asked], got: Any) -> int:
    """Return how many numbers and words a failing case is written with, about."""
    return sum(_count(one.parts) for one in _needed(asked, got))


def _count(value: Any) -> int:
    if isinstance(value, np.ndarray):
        return value.size
    if is_tensor(value):
        return int(value.numel())
    if isinstance(value, str):  # a scenario's source, above all
        return len(value.split())
    if isinstance(value, Mapping):
        value = tuple(value.values())
    return sum(map(_count, value)) if isinstance(value, (list, tuple)) else 1


def _needed(asked: Sequence[Asked], got: Any) -> Sequence[Asked]:
    """Return the request at fault, and those that made or used its objects."""
    # A launch that is metered is noted as the call that it is, and then recorded.
    asked = [one for one in asked if one.kind != "record"]
    raised = asked[-1] if asked[-1].raised else None
    at_fault = next((one for one in asked if one.gave(got)), raised)
    if at_fault is None:
        return asked
    last = next(k for k, one in enumerate(asked) if one is at_fault)
    used, kept = _objects(at_fault.parts), [at_fault]
    for one in reversed(asked[:last]):
        touched = _objects(one.parts)
        if used & (touched | _objects(one.value)):
            used |= touched
            kept.append(one)
    return kept[::-1]


def _objects(value: Any) -> set[int]:
    """Return the numbers of the submission's objects in a value."""
    if isinstance(value, Handle):
        return {hash(value)}
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, (list, tuple)):
        return set().union(*map(_objects, value))
    return set()


def _plain_numbers(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return whole numbers of a small array of floats as integers: 2, not 2.0."""
    if array.dtype.kind != "f" or not np.all(np.isfinite(array)):
        return array
    exact = array.astype(float)
    whole = (exact == np.round(exact)) & (abs(exact) < 1e6)
    negative_zero = (exact == 0) & np.signbit(exact)
    return array.astype(int) if np.all(whole & ~negative_zero) else array


class _Writer:
    """Puts values and requests into Python."""

    def __init__(self, data: Path) -> None:
        self.definitions: list[str] = []
        self.arrays: dict[str, Any] = {}
        self.last = ""  # the name of the newest result
        self._data = data
        self._known: dict[int, str] = {}  # names of functions that were written
        self._sources: dict[
            str, str
        ] = {}  # and of those that ran beside the submission
        self._results: dict[int, str] = {}  # names of objects of the submission
        self._steps = 0
        self._modules = {"np": "numpy"}

    def imports(self, answer: Path) -> list[str]:
        """Return the lines that find the student's work and the saved arrays."""
        lines = [
            f"import {name}" + ("" if name == alias else f" as {alias}")
            for alias, name in self._modules.items()
        ]
        if answer.suffix == ".py":
            lines = ["import importlib", "import sys", *lines]
            lines.append(f"sys.path.insert(0, {str(answer.parent)!r})")
            lines.append(f"lesson = importlib.import_module({answer.stem!r})")
        else:
            lines = ["# In a cell below your answer:", "import sys", *lines]
            lines.append('lesson = sys.modules["__main__"]')
        if self.arrays:
            lines.append(f"data = np.load({str(self._data)!r})")
        return lines

    def step(self, asked: Asked) -> str:
        """Write one request; its result gets a name."""
        text = self._request(asked)
        self._steps += 1
        self.last = f"r{self._steps}"
        if isinstance(asked.value, Handle):
            self._results[hash(asked.value)] = self.last
        return f"{self.last} = {text}"

    def _request(self, asked: Asked) -> str:
        match asked.kind, asked.parts:
            case (("call" | "hold"), (name, args, kwargs)):
                return f"lesson.{name}({self._arguments(args, kwargs)})"
            case "apply", (target, args, kwargs):
                return f"{self.value(target)}({self._arguments(args, kwargs)})"
            case "get", (target, name):
                return f"{self.value(target)}.{name}"
            case "part", (target, str(key)):
                return f"{self.value(target)}.{key}"
            case ("part", (target, key)) | ("op", ("getitem", (target, key))):
                return f"{self.value(target)}[{self.value(key)}]"
            case "op", (str(name), (one,)) if name in _UNARY:
                return f"{_UNARY[name]}{self.value(one)}"
            case "op", (str(name), (left, right)) if name in _BINARY:
                return f"{self.value(left)} {_BINARY[name]} {self.value(right)}"
            case "op", (str(name), args):
                self._modules["operator"] = "operator"
                return f"operator.{name}({self._arguments(args, {})})"
            case (("keep" | "fetch"), (value,)):
                return self.value(value)
            case "scenario", (source, _, data):
                more = self._arguments([], data)
                return f"{self._named(source)}(lesson{', ' * bool(more)}{more})"
            case "function", (source, _, data):
                if not data:
                    return self._named(source)
                self._modules["functools"] = "functools"
                more = self._arguments([], data)
                return f"functools.partial({self._named(source)}, {more})"
            case "ranks", (name, "", args):
                return self._ranks(name, args)
        raise Unwritable(asked.kind)

    def _named(self, source: str) -> str:
        """Return the name of a function that ran beside the submission."""
        if source not in self._sources:
            count = len(self._sources) + 1
            name = NEUTRAL if count == 1 else f"{NEUTRAL}_{count}"
            self.definitions.append(re.sub(rf"\b{NEUTRAL}\b", name, source))
            self._sources[source] = name
        return self._sources[source]

    def _ranks(self, name: str, args: Sequence[Any]) -> str:
        """Write a run on ranks; each rank's link is its last argument."""
        if not all(isinstance(a, tuple) and a and a[-1] is LINK for a in args):
            raise Unwritable("a run on ranks")
        self.definitions.append("from autograder.lab.ranks import run")
        rows = "".join(f"    {self.value(a[:-1])},\n" for a in args)
        self.definitions.append(f"args = [  # of each rank\n{rows}]")
        program = f"lambda link, *a: lesson.{name}(*a, link)"
        return f"run({program}, {len(args)}, lambda rank: args[rank]).results"

    def _arguments(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
        named = [f"{name}={self.value(value)}" for name, value in kwargs.items()]
        return ", ".join([*map(self.value, args), *named])

    def value(self, value: Any) -> str:
        """Write a value."""
        match value:
            case Handle():
                if hash(value) not in self._results:
                    raise Unwritable(f"an object inside of {value.type_name}")
                return self._results[hash(value)]
            case np.ndarray():
                return self._array(value)
            case _ if is_tensor(value):
                return self._tensor(value)
            case np.dtype():
                return f'np.dtype("{value.str}")'
            case np.generic():
                return f"np.{value.dtype}({self.value(value.item())})"
            case float() if value != value or value in (float("inf"), -float("inf")):
                return f'float("{value}")'
            case list():
                return f"[{', '.join(map(self.value, value))}]"
            case tuple():
                comma = "," if len(value) == 1 else ""
                return f"({', '.join(map(self.value, value))}{comma})"
            case dict():
                pairs = (f"{k!r}: {self.value(v)}" for k, v in value.items())
                return f"{{{', '.join(pairs)}}}"
            case Counted() | ByHandle():
                return self.value(value._function)
            case type() if value.__module__ == "numpy":
                return f"np.{value.__name__}"
            case types.FunctionType():
                return self._function(value)
            case types.BuiltinMethodType() if isinstance(value.__self__, list):
                return f"[].{value.__name__}"  # such as where a test collects points
            case Fraction():
                self._modules["fractions"] = "fractions"
                return f"fractions.Fraction({value.numerator}, {value.denominator})"
            case None | bool() | int() | float() | complex() | str() | bytes():
                return repr(value)
        raise Unwritable(type(value).__name__)

    def _array(self, array: np.ndarray[Any, Any]) -> str:
        if array.size <= _SHORT and array.dtype.kind in "biufc":
            text = self.value(_plain_numbers(array).tolist())
            if array.size <= _INLINE or len(text) <= _CHARACTERS:
                return f"np.array({text}, dtype=np.{array.dtype})"
        name = f"a{len(self.arrays) + 1}"
        self.arrays[name] = array
        shape = " x ".join(map(str, array.shape))
        self.definitions.append(f'{name} = data["{name}"]  # {array.dtype}, {shape}')
        return name

    def _tensor(self, tensor: Any) -> str:
        self._modules["torch"] = "torch"
        if tensor.numel() <= _INLINE:
            return f"torch.tensor({self.value(tensor.tolist())}, dtype={tensor.dtype})"
        return f"torch.from_numpy({self._array(array_of(tensor))}).to({tensor.dtype})"

    def _function(self, function: types.FunctionType) -> str:
        """Write a function of the test file, and what it uses."""
        known = self._known.get(id(function))
        if known is not None:
            return known
        text, is_lambda = _source(function)
        name = f"f{len(self._known) + 1}" if is_lambda else function.__name__
        self._known[id(function)] = name
        free = inspect.getclosurevars(function)
        for used, value in {**free.globals, **free.nonlocals}.items():
            if isinstance(value, types.ModuleType):
                self._modules[used] = value.__name__
            elif not (isinstance(value, types.FunctionType) and value is function):
                collects = isinstance(value, list) and f"{used}.append(" in text
                written = "[]" if collects else self.value(value)  # empty, as it began
                if written != used:
                    self.definitions.append(f"{used} = {written}")
        self.definitions.append(f"{name} = {text}" if is_lambda else text)
        return name


def _source(function: types.FunctionType) -> tuple[str, bool]:
    """Return a function's text, and whether it is a lambda."""
    code = function.__code__
    try:
        text = Path(code.co_filename).read_text(encoding="utf-8")
    except OSError:
        raise Unwritable("a function") from None
    spots = {(line, column) for line, _, column, _ in code.co_positions()}
    for node in ast.walk(ast.parse(text)):
        if getattr(node, "lineno", 0) != code.co_firstlineno:
            continue
        if isinstance(node, ast.FunctionDef) and node.name == function.__name__:
            return ast.unparse(node), False
        if isinstance(node, ast.Lambda) and spots & set(_spots(node.body)):
            return ast.unparse(node), True
    raise Unwritable("a function")


def _spots(node: ast.expr) -> Iterator[tuple[int, int]]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.expr):
            yield inner.lineno, inner.col_offset
