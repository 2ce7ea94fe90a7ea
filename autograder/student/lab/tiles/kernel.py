"""`triton.jit` and `kernel[grid](...)`, as a host function sees them."""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
import textwrap
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

import numpy as np

from .dtypes import DType
from .errors import LanguageError, TileError
from .launch import check_grid
from .program import Program, bind, link, plain_constant
from .rewrite import PADDING_LIMIT
from .session import Unchecked, current
from .signature import MISSING, Parameter

# What a function's definition may stand in.
_HOLDERS = (ast.stmt, ast.excepthandler, ast.match_case)
# What Triton's compiler takes beside the arguments; the simulator has no use for it.
OPTIONS = ("num_warps", "num_stages", "num_ctas", "maxnreg")


class constexpr:
    """A number known at compile time: an annotation, or a global of kernels."""

    def __init__(self, value: object) -> None:
        self.value: object = value.value if isinstance(value, constexpr) else value

    def __repr__(self) -> str:
        return f"constexpr[{self.value!r}]"


_CONSTEXPR = (constexpr, "tl.constexpr", "constexpr")


class Kernel:
    """A @triton.jit function: launch it with `kernel[grid](...)`."""

    def __init__(self, function: FunctionType) -> None:
        self.__name__ = function.__name__
        self.__doc__ = function.__doc__
        self.__module__ = function.__module__
        self._function = function
        self._source = source_of(function)
        self._linked: tuple[list[dict[str, Any]], Program] | None = None

    def __getitem__(self, grid: Any) -> Callable[..., None]:
        def launch(*args: object, **kwargs: object) -> None:
            self.launch(grid, args, kwargs)

        return launch

    def __call__(self, *args: object, **kwargs: object) -> None:
        raise TileError(
            f"{self.__name__} is a kernel: launch it with {self.__name__}[grid](...), "
            "or call it from another kernel."
        )

    def __repr__(self) -> str:
        return f"<kernel {self.__name__}>"

    def bundle(self) -> list[dict[str, Any]]:
        """Gather this kernel and those that it may call, as plain values, unchecked.

        A function's names are its globals and its attributes: what it does not need
        is ignored, and what it misses is refused when the bundle is linked.
        """
        kernels: list[Kernel] = [self]
        out: list[dict[str, Any]] = []
        for kernel in kernels:  # grows while we walk it
            helpers: dict[str, int] = {}
            constants: dict[str, object] = {}
            for name in kernel._function.__code__.co_names:
                value = kernel._function.__globals__.get(name)
                if isinstance(value, Kernel):
                    if value not in kernels:
                        kernels.append(value)
                    helpers[name] = kernels.index(value)
                elif isinstance(value, DType):
                    constants[name] = value
                elif isinstance(value, constexpr) and plain_constant(value.value):
                    constants[name] = value.value
            out.append(
                {
                    "name": kernel.__name__,
                    "source": kernel._text(),
                    "constants": constants,
                    "helpers": helpers,
                }
            )
        return out

    def _text(self) -> str:
        """Return the source; a stub says so instead, as any stub does."""
        if self._source is None:
            raise LanguageError(
                f"the source of {self.__name__} cannot be found; define it in a "
                "file or a notebook cell."
            )
        if "NotImplementedError" in self._function.__code__.co_names:
            refuse_stub(self._source)
        return self._source

    def program(self) -> Program:
        """Check and link the kernel, again if a helper or a constexpr has changed."""
        bundle = self.bundle()
        if self._linked is None or self._linked[0] != bundle:
            self._linked = (bundle, link(bundle))
        return self._linked[1]

    def unchecked(self) -> Unchecked:
        """Describe the kernel as Python sees it, for a recording."""
        return Unchecked(self.__name__, self._parameters, self.bundle())

    @functools.cached_property
    def _parameters(self) -> tuple[Parameter, ...]:
        given = inspect.getfullargspec(self._function)
        plain = given.defaults or ()
        defaults = dict(zip(reversed(given.args), reversed(plain), strict=False))
        defaults |= given.kwonlydefaults or {}
        return tuple(
            Parameter(
                name,
                given.annotations.get(name) in _CONSTEXPR,
                defaults.get(name, MISSING),
            )
            for name in [*given.args, *given.kwonlyargs]
        )

    def launch(
        self, grid: Any, args: tuple[object, ...], kwargs: Mapping[str, object]
    ) -> None:
        """Check the arguments and hand the launch to the session."""
        session = current()
        program = session.prepare(self)
        names = [p.name for p in program.parameters]
        given = {k: v for k, v in kwargs.items() if k not in OPTIONS or k in names}
        values = bind(program.name, program.parameters, args, given)
        arguments: dict[str, object] = {}
        for parameter, value in zip(program.parameters, values, strict=True):
            plain = value.value if isinstance(value, constexpr) else value
            refuse_argument(program.name, parameter.name, plain, parameter.constexpr)
            arguments[parameter.name] = plain
        dims = grid(dict(arguments)) if callable(grid) else grid
        if not isinstance(dims, tuple | list):
            raise TileError(
                f"{program.name}: a grid is a tuple, such as (n,) with its comma, got "
                f"{type(dims).__name__}."
            )
        session.launch(program, check_grid(program.name, dims), arguments)


def refuse_argument(kernel: str, name: str, value: object, constexpr: bool) -> None:
    """Refuse an argument that a kernel cannot take."""
    if type(value) is np.ndarray:
        if constexpr:
            raise TileError(f"{kernel}: {name} is a tl.constexpr and takes no array.")
        return
    if plain_constant(value):
        if not constexpr and (isinstance(value, str | DType)):
            raise TileError(
                f"{kernel}: {name} is known at compile time; annotate it: "
                f"{name}: tl.constexpr."
            )
        if not constexpr and type(value) is int and value.bit_length() > 63:
            raise TileError(f"{kernel}: {name} does not fit in 64 bits.")
        return
    if isinstance(value, float) and not constexpr:
        return  # numpy.float64 is a Python float too
    kind = type(value).__name__
    if isinstance(value, np.generic):
        fix = f"pass {'float' if isinstance(value, np.floating) else 'int'}({name})"
    elif kind == "Tensor":
        fix = "on the simulator the arrays are NumPy arrays"
    elif isinstance(value, np.ndarray):
        fix = "pass a plain numpy.ndarray"
    else:
        fix = "a kernel takes arrays, numbers and None"
    raise TileError(f"{kernel}: {name} is of type {kind}; {fix}.")


def refuse_stub(source: str) -> None:
    """Let a kernel that is still a stub say so, as any stub does."""
    try:
        function = ast.parse(source).body[0]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    body = getattr(function, "body", [])
    if body and isinstance(body[0], ast.Expr):
        body = body[1:]
    if len(body) != 1 or not isinstance(body[0], ast.Raise):
        return
    call = body[0].exc
    name = call.func if isinstance(call, ast.Call) else call
    if isinstance(name, ast.Name) and name.id == "NotImplementedError":
        args = call.args if isinstance(call, ast.Call) else []
        texts = [str(a.value) for a in args if isinstance(a, ast.Constant)]
        raise NotImplementedError(*texts)


def source_of(function: FunctionType) -> str | None:
    """Return a function's own text, decorators included, without indentation.

    Blank lines before it make its lines those of its file, as an editor counts them.
    """
    code = function.__code__
    lines = linecache.getlines(code.co_filename, function.__globals__)
    start = code.co_firstlineno - 1
    if not 0 <= start < len(lines):
        return None
    end = _ends_of("".join(lines)).get(start + 1)
    if end is not None:
        return _padding(start) + textwrap.dedent("".join(lines[start:end]))
    try:  # the file is no Python by now; the function may be
        block = inspect.getblock(lines[start:])
    except (SyntaxError, IndentationError):
        return None
    return _padding(start) + textwrap.dedent("".join(block))


def _padding(lines: int) -> str:
    return "\n" * lines if lines <= PADDING_LIMIT else ""


@functools.lru_cache(maxsize=8)
def _ends_of(text: str) -> dict[int, int | None]:
    """Return where functions end, by the line of their first decorator or of `def`."""
    try:
        nodes: list[ast.AST] = [ast.parse(text)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    ends = {}
    for node in nodes:  # grows while we walk it: statements, no expressions
        nodes += [n for n in ast.iter_child_nodes(node) if isinstance(n, _HOLDERS)]
        if isinstance(node, ast.FunctionDef):
            lines = [node.lineno, *(d.lineno for d in node.decorator_list)]
            ends[min(lines)] = node.end_lineno
    return ends


def jit(function: object = None, **options: object) -> Any:
    """Mark a function as a kernel. Nothing is checked until it is launched."""
    if function is None:
        return jit
    if isinstance(function, Kernel):
        return function
    if not isinstance(function, FunctionType):
        raise TileError("@triton.jit goes on a function.")
    return Kernel(function)
