"""A kernel ready to run: its checked functions, linked into one namespace each.

A kernel travels as a *bundle* of plain values, so that a clean process can check it
again from its text:

    [{"name": "flash", "source": "@triton.jit...", "constants": {"LOG2E": 1.44},
      "helpers": {"online_step": 1}}, ...]

The first function is the one that is launched; `helpers` gives places in the list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .dtypes import DTYPES, DType
from .errors import LanguageError, TileError
from .grammar import BUILTINS, FORMS, FUNCTIONS, LOOPS, METHODS
from .rewrite import Checked, check
from .signature import MISSING, Parameter
from .state import state
from .values import Pointer, Tensor, Undefined, describe

Bundle = Sequence[Mapping[str, Any]]

# What every kernel sees. No builtins: the rewritten code asks for none.
_NAMESPACE: dict[str, Any] = {
    "__builtins__": {},
    **{f"t_{name}": function for name, function in FUNCTIONS.items()},
    **{f"t_{name}": dtype for name, dtype in DTYPES.items()},
    **{f"b_{name}": function for name, function in BUILTINS.items()},
    **{f"m_{name}": function for name, function in METHODS.items()},
    **{f"o_{name}": function for name, function in FORMS.items()},
    **{f"l_{name.replace('.', '_')}": f for name, f in LOOPS.items()},
}


@dataclass(frozen=True)
class Program:
    """A kernel that can be launched."""

    name: str
    parameters: tuple[Parameter, ...]
    function: Callable[..., Any]
    lines: dict[str, list[str]]  # the source of each function, for messages


def link(bundle: Bundle) -> Program:
    """Check every function of a bundle from its text and link them.

    Raises:
        LanguageError: a function is outside the language.
    """
    checked = [check(function["source"]) for function in bundle]
    refuse_recursion(checked, bundle)
    callers: list[Callable[..., Any] | None] = [None] * len(bundle)
    functions: list[Callable[..., Any]] = []
    for one, given in zip(checked, bundle, strict=True):
        namespace = dict(_NAMESPACE)
        for name in one.local:
            why = f"{name} is used before it has a value."
            namespace[f"u_{name}"] = Undefined(why)
        for name in one.read:
            if name not in given["constants"]:
                raise LanguageError(missing(one, name, one.read[name]))
            namespace[f"g_{name}"] = given["constants"][name]
        for name in one.called:
            if name not in given["helpers"]:
                raise LanguageError(missing(one, name, one.called[name]))
            place = given["helpers"][name]
            namespace[f"h_{name}"] = _caller(checked[place], callers, place)
        exec(one.code, namespace)
        functions.append(namespace["kernel"])
    callers[:] = functions
    top = checked[0]
    if top.returns:
        raise LanguageError(
            f"{top.name}, line {top.returns}: a kernel that is launched returns "
            "nothing; store its results with tl.store."
        )
    lines = {one.name: one.source.splitlines() for one in checked}
    return Program(top.name, top.parameters, functions[0], lines)


def missing(one: Checked, name: str, line: int) -> str:
    """Explain a name that a kernel cannot see."""
    text = one.source.splitlines()[line - 1].strip()[:100]
    if name in one.called:
        why = f"`{name}` is no @triton.jit function, nor one that Triton has"
    else:
        why = (
            f"`{name}` is not defined in the kernel; pass it as an argument, or make "
            f"it a global {name} = tl.constexpr(...)"
        )
    return f"{one.name}, line {line}: {why}.\n  {text}"


def refuse_recursion(checked: Sequence[Checked], bundle: Bundle) -> None:
    """Refuse functions that call themselves, which Triton cannot compile."""
    done: set[int] = set()

    def walk(place: int, path: tuple[int, ...]) -> None:
        if place in path:
            raise LanguageError(
                f"{checked[place].name} calls itself; Triton has no recursion."
            )
        if place in done:
            return
        for name in checked[place].called:
            helper = bundle[place]["helpers"].get(name)
            if helper is not None:  # else link explains what is missing
                walk(helper, (*path, place))
        done.add(place)

    walk(0, ())


def _caller(
    one: Checked, functions: Sequence[Callable[..., Any] | None], place: int
) -> Callable[..., Any]:
    """Return what stands for another kernel inside a kernel."""

    def call(*args: object, **kwargs: object) -> object:
        values = bind(one.name, one.parameters, args, kwargs)
        for parameter, value in zip(one.parameters, values, strict=True):
            if parameter.constexpr and isinstance(value, Tensor | Pointer | Undefined):
                raise TileError(
                    f"{one.name}: {parameter.name} is a tl.constexpr, but gets "
                    f"{describe(value)}."
                )
        state.spend(state.passage)  # helpers of helpers may run very often
        function = functions[place]
        assert function is not None  # link fills the list before anything runs
        return function(*values)

    return call


def bind(
    kernel: str,
    parameters: Sequence[Parameter],
    args: Sequence[object],
    kwargs: Mapping[str, object],
) -> list[object]:
    """Match arguments to parameters, in the parameters' order."""
    names = [p.name for p in parameters]
    if len(args) > len(names):
        raise TileError(
            f"{kernel} takes {len(names)} arguments, got {len(args)}: "
            f"({', '.join(names)})."
        )
    given: dict[str, object] = dict(zip(names, args, strict=False))
    for name, value in kwargs.items():
        if name not in names:
            raise TileError(f"{kernel} has no parameter {name} ({', '.join(names)}).")
        if name in given:
            raise TileError(f"{kernel}: {name} is given twice.")
        given[name] = value
    out = []
    for parameter in parameters:
        value = given.get(parameter.name, parameter.default)
        if value is MISSING:
            raise TileError(f"{kernel}: argument {parameter.name} is missing.")
        out.append(value)
    return out


def plain_constant(value: object) -> bool:
    """Say whether a value may be a constexpr: a number, None, a dtype or short text."""
    if type(value) is int:
        return value.bit_length() <= 64
    if type(value) is str:
        return len(value) <= 200
    return value is None or type(value) in (bool, float) or isinstance(value, DType)
