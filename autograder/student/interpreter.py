"""Answers requests about what a submission's cells define.

The same interpreter answers inside the jail and, for a student's own check, in the
student's own process. It knows no test, no reference, no clock and no score.

A request is a list ``[kind, ...]``, the answer too:

======================================  ==============================================
``["call", name, args, kwargs]``        call what the submission defines
``["apply", object, args, kwargs]``     call an object that an earlier answer returned
``["get", object, attribute]``          read an attribute
``["op", name, args]``                  an operator, by its name in ``operator``
``["keep", value]``                     refer to the value from now on
``["function", source, name, data]``    refer to an instructor's function from now on
``["hold", name, args, kwargs]``        call, and refer to what is returned
``["part", object, key]``               refer to an item or an attribute
``["fetch", object]``                   the object as a plain value
``["iterate", object, most]``           the next items of an iterable, at most so many
``["scenario", source, name, data]``    an instructor's function beside the submission
``["rank", source, name, args, kw, l]`` call it, or the function of that name in a
                                        source, with a link to other ranks in its args
                                        and functions of the judge in place of its own
``["record", name, args, kwargs]``      call it; its kernel launches, encoded
``["lend", functions]``                 functions of the judge take the place of its own
``["many", requests]``                  encoded requests, whose arguments may be results
                                        of earlier ones; one encoded answer for each
``["replay", evidence, inputs, ...]``   run and meter recorded kernels (clean jail only)
``["explore", cells, code, name, d]``   a function over explored cells (clean jail only)
--------------------------------------  ----------------------------------------------
``["ok", value]``                       it returned
``["raised", type, bases, text, at]``   it raised; ``at`` lists its own frames
``["missing", name]``                   the submission defines no such name; a third
                                        item says why
``["limit", kind, ...]``                it hit a limit: memory, output, size
``["odd", text]``                       it returned what is no plain value
``["skipped"]``                         an earlier result that it needs is not there
``["callback", number, args, kwargs]``  it calls a function of the judge; answer it
======================================  ==============================================
"""

from __future__ import annotations

import builtins
import functools
import itertools
import operator
import types
from collections.abc import Callable, Sequence
from typing import Any

from autograder.student import codec
from autograder.student.cells import describe
from autograder.student.places import SCENARIO, SCENARIO_SOURCE

_UNARY = ("neg", "pos", "abs")
_BINARY = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul")
_OTHER = ("getitem", "setitem", "contains", "iadd", "isub", "imul")
OPERATORS = frozenset((*_UNARY, *_BINARY, *_OTHER))

#: The cells that were explored last and their program, loaded once for all tests.
_explored: list[Any] = []


class JudgeError(BaseException):
    """A callback failed in the judge; unwinds the submission."""


class Skipped(BaseException):
    """A request needs the result of one that gave none."""


class Kept:
    """A value that is referred to, although it is plain."""

    def __init__(self, value: Any) -> None:
        self.value = value


class Callback:
    """A function of the judge, called from the submission."""

    def __init__(
        self, number: int, name: str, send: Callable[..., Any], keep: bool = False
    ) -> None:
        self.number, self.__name__ = number, name
        self._send, self._keep = send, keep

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._keep:
            args = tuple(map(Kept, args))
            kwargs = {name: Kept(value) for name, value in kwargs.items()}
        return self._send(self.number, args, kwargs)


class Interpreter:
    """Answers requests about one loaded submission."""

    def __init__(
        self, module: types.ModuleType, ends: tuple[type[BaseException], ...] = ()
    ) -> None:
        """Prepare to answer.

        Args:
            module: the loaded submission.
            ends: exceptions that are not the submission's, and are raised here.
        """
        self._module = module
        self._ends: tuple[type[BaseException], ...] = (JudgeError, *ends)
        self._call_back: Callable[[bytes], bytes] | None = None
        self._objects: dict[int, Any] = {}
        self._numbers: dict[int, int] = {}
        self._count = itertools.count(1)
        self._links: list[Any] = []
        self._results: dict[int, Any] = {}  # of the requests that came together

    def answer(self, request: bytes, call_back: Callable[[bytes], bytes]) -> bytes:
        """Answer one encoded request; never raises what the submission raised.

        Args:
            request: the request; answering may nest, when a callback asks in turn.
            call_back: sends an encoded callback and returns its encoded answer.
        """
        outer, self._call_back = self._call_back, call_back
        try:
            return self._replied(request)
        except JudgeError:
            return codec.dumps(["limit", "judge"])
        finally:
            self._call_back = outer

    def _replied(self, request: bytes, place: int | None = None) -> bytes:
        """Answer a request; keep its result for those that came together with it.

        Raises:
            JudgeError: a callback failed in the judge.
        """
        try:
            asked = codec.loads(request, self._resolve, codec.MAX_REQUEST)
            reply = self._answer(asked)
            encoded = codec.dumps(reply, self._refer)
        except self._ends:
            raise
        except Skipped:
            return codec.dumps(["skipped"])
        except codec.TooLarge as error:
            return codec.dumps(["limit", "size", str(error)])
        except codec.CodecError as error:
            return codec.dumps(["odd", str(error)])
        except BaseException as error:
            return codec.dumps(describe(error))
        if place is not None and reply[0] == "ok":
            value = reply[1]
            self._results[place] = value.value if type(value) is Kept else value
        return encoded

    def _answer(self, request: list[Any]) -> list[Any]:
        kind, *rest = request
        if kind in ("call", "hold"):
            name, args, kwargs = rest
            if not hasattr(self._module, name):
                return ["missing", name]
            value = getattr(self._module, name)(*args, **kwargs)
            return ["ok", Kept(value) if kind == "hold" else value]
        if kind == "part":
            of, key = rest
            return ["ok", Kept(getattr(of, key) if type(key) is str else of[key])]
        if kind in ("keep", "fetch"):
            return ["ok", Kept(rest[0]) if kind == "keep" else rest[0]]
        if kind == "apply":
            target, args, kwargs = rest
            return ["ok", target(*args, **kwargs)]
        if kind == "get":
            return ["ok", getattr(rest[0], rest[1])]
        if kind == "op" and rest[0] in OPERATORS:
            return ["ok", getattr(operator, rest[0])(*rest[1])]
        if kind == "iterate":
            items = rest[0] if hasattr(rest[0], "__next__") else iter(rest[0])
            return ["ok", [items, list(itertools.islice(items, rest[1]))]]
        if kind == "function":
            return ["ok", Kept(self._function(*rest))]
        if kind == "scenario":
            return ["ok", self._scenario(*rest)]
        if kind == "rank":
            return self._rank(*rest)
        if kind == "lend":
            vars(self._module).update(rest[0])
            return ["ok", None]
        if kind == "many":
            return ["ok", self._many(rest[0])]
        if kind == "record":
            from autograder.student.lab.tiles import record

            name, args, kwargs = rest
            if not hasattr(self._module, name):
                return ["missing", name]
            found = record(getattr(self._module, name), args, kwargs)
            return ["ok", codec.dumps(found)]  # the judge passes it on unread
        if kind == "replay":
            from autograder.student.lab.tiles import replay

            evidence, *others = rest
            return ["ok", replay(codec.loads(evidence), *others)]
        if kind == "explore":
            return self._explore(*rest)
        raise ValueError(f"unknown request {kind!r}")

    def _many(self, requests: list[bytes]) -> list[bytes]:
        outer, self._results = self._results, {}
        try:
            return [self._replied(r, place) for place, r in enumerate(requests)]
        finally:
            self._results = outer

    def _scenario(self, source: str, name: str, data: dict[str, Any]) -> Any:
        return self._from(source, name)(self._module, **data)

    def _function(
        self, source: str, name: str, data: dict[str, Any]
    ) -> Callable[..., Any]:
        function = self._from(source, name)

        def f(*args: Any) -> Any:
            return function(*args, **data)

        return f

    def _rank(
        self,
        source: str,
        name: str,
        args: list[Any],
        kwargs: dict[str, Any],
        lent: dict[str, Any],
    ) -> list[Any]:
        names = vars(self._module)
        own = {name: names[name] for name in lent if name in names}
        names.update(lent)
        try:
            return self._run_rank(source, name, args, kwargs)
        finally:  # the process may serve other runs
            for name in lent:
                del names[name]
            names.update(own)

    def _run_rank(
        self, source: str, name: str, args: list[Any], kwargs: dict[str, Any]
    ) -> list[Any]:
        if not source and not hasattr(self._module, name):
            return ["missing", name]
        try:
            if source:
                value = self._from(source, name)(self._module, *args, **kwargs)
            else:
                value = getattr(self._module, name)(*args, **kwargs)
            for link in self._links:
                link._look()
        finally:
            self._links.clear()
        return ["ok", value]

    def _from(self, source: str, name: str) -> Any:
        space: dict[str, Any] = {"__name__": SCENARIO, SCENARIO_SOURCE: source}
        exec(_compiled(source), space)
        return space[name]

    def _explore(
        self, cells: list[Any], code: bytes, name: str, data: dict[str, Any]
    ) -> list[Any]:
        from autograder.student.lab.schedule import Missing, Program, scenario

        if not _explored or _explored[0] != cells:
            _explored[:] = [cells, Program(cells)]
        try:
            return ["ok", scenario(code, name)(_explored[1], **data)]
        except Missing as error:
            return ["missing", error.name, error.reason]

    def _refer(self, value: Any) -> codec.Reference:
        if isinstance(value, Callback):
            return ("callback", value.number, value.__name__, {})
        if type(value) is Kept:
            value = value.value
        number = self._numbers.get(id(value))
        if number is None:
            number = next(self._count)
            self._numbers[id(value)] = number
            self._objects[number] = value  # kept alive, so that its id stays its own
        return ("object", number, type(value).__name__, _constant_fields(value))

    def _resolve(self, reference: codec.Reference) -> Any:
        kind, number, name, fields = reference
        if kind == "object":
            return self._objects[number]
        if kind == "result":
            if number not in self._results:
                raise Skipped
            return self._results[number]
        if kind == "link":
            return self._link(**fields)
        return Callback(number, name, self._send_callback, bool(fields.get("keep")))

    def _link(self, rank: int, n: int) -> Any:
        from autograder.student.lab.ranks.link import Link

        def call(*asked: Any) -> Any:
            return self._send_callback(0, asked, {})  # a callback of no other number

        self._links.append(Link(rank, n, call))
        return self._links[-1]

    def _send_callback(
        self, number: int, args: Sequence[Any], kwargs: dict[str, Any]
    ) -> Any:
        if self._call_back is None:
            raise JudgeError
        message = codec.dumps(["callback", number, list(args), kwargs], self._refer)
        answer = self._call_back(message)
        kind, *rest = codec.loads(answer, self._resolve, codec.MAX_REQUEST)
        if kind == "ok":
            return rest[0]
        if kind == "raise":  # a callback may raise a builtin exception on purpose
            raise getattr(builtins, rest[0])(rest[1])
        raise JudgeError


@functools.lru_cache(maxsize=64)
def _compiled(source: str) -> types.CodeType:
    return compile(source, SCENARIO, "exec", dont_inherit=True)


def _constant_fields(value: Any) -> dict[str, Any]:
    """Return the fields of a named tuple or frozen dataclass, which never change."""
    kind = type(value)
    if issubclass(kind, tuple):
        names = getattr(kind, "_fields", ())
    elif getattr(getattr(kind, "__dataclass_params__", None), "frozen", False):
        names = getattr(kind, "__dataclass_fields__", ())
    else:
        return {}
    return {str(name): getattr(value, name) for name in names}
