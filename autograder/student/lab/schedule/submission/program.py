"""A submission's source as the explorer runs it: checked, loaded once, run often."""

from __future__ import annotations

import ast
import dataclasses
import functools
import marshal
import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..execution.run_context import Context, IdleRun
from ..execution.story import JUDGE, place, remember
from ..execution.task import Missing, Plan
from ..fakes.imports import namespace
from ..fakes.watch import watch
from ..search import explorer
from ..search.result import Result
from .allowed_attributes import Names
from .allowed_builtins import builtins_of
from .allowed_modules import DICE
from .language import Refusal, accept, bound, parsed
from .line_steps import with_pauses
from .ownership import MODULE, OWN, touched
from .snapshot import Snapshot, Unknown

_CAP = 5000  # steps of a run beyond which it is a livelock
_LENGTH = 150  # steps of a run on average, where not all are run; honest ones have 72
_Way = tuple[tuple[str, ...], bool]  # watched classes, and whether lines are steps
Body = Callable[["Module"], object]


class Module:
    """A submission's names, as attributes; reading an undefined one raises Missing."""

    def __init__(self, program: Program, names: dict[str, Any]) -> None:
        self.__dict__["_lab_program"] = program
        self.__dict__["_lab_names"] = names

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["_lab_names"][name]
        except KeyError:
            raise Missing(name, self.__dict__["_lab_program"].why(name)) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self.__dict__["_lab_names"][name] = value


class Program:
    """Source that was checked against the language, explored with different bodies."""

    def __init__(self, cells: Iterable[Sequence[str]]) -> None:
        """Check the source.

        Args:
            cells: the label and the source of each cell, in order.
        """
        self.refusals: list[Refusal] = []
        cells = list(cells)
        self._throws_dice = any("random" in source for _, source in cells)
        self._cells: list[tuple[str, list[ast.stmt]]] = []
        self._names = Names(filter(None, (parsed(source) for _, source in cells)))
        for label, source in cells:
            remember(label, source)
            statements, refused = accept(source, label, self._names)
            self.refusals += refused
            self._cells.append((label, statements))
        self._codes = {False: self._compiled(False)}
        self._failures: list[Refusal] = []
        self._loaded: dict[_Way, tuple[Module, Snapshot | None]] = {}

    def _compiled(self, lines: bool) -> list[tuple[str, ast.stmt, Any]]:
        codes = []
        for label, statements in self._cells:
            for statement in statements:
                body = with_pauses(statement) if lines else statement
                try:
                    code = compile(
                        ast.Module([body], []), label, "exec", dont_inherit=True
                    )
                except (SyntaxError, ValueError, RecursionError) as error:
                    self.refusals.append(_refusal(label, statement, error))
                else:
                    codes.append((label, statement, code))
        return codes

    def why(self, name: str) -> str:
        """Say why a name is not defined; nothing if no statement would define it."""
        for refusal in (*self.refusals, *self._failures):
            if name in refusal.names:
                return str(refusal)
        return ""

    def load(self, watched: Sequence[str] = (), *, lines: bool = False) -> Module:
        """Return the names of the submission, loaded under the fakes.

        Args:
            watched: classes whose attribute accesses are to be steps.
            lines: whether every line of a function is to be a step.
        """
        return self._ready((tuple(watched), lines))[0]

    def explore(
        self,
        body: Body,
        *,
        watched: Sequence[str] = (),
        lines: bool = False,
        **options: Any,
    ) -> dict[str, Any]:
        """Run a body under many schedules, until one fails.

        Args:
            body: gets the module, whose state is as it was loaded in each run.
            watched: classes whose attribute accesses are steps, among which data
                races are found.
            lines: every line of a function of the submission is a step.
            options: those of `explorer.explore`; there is no limit of time by default.

        Returns:
            The result as plain data.

        Raises:
            NotImplementedError: a thread met a stub.
            Missing: the body asks for a name that the submission does not define.
        """
        options.setdefault("seconds", math.inf)
        options.setdefault("cap", _CAP * (1 + 9 * lines))
        if options.get("bound", 2):  # else it is not meant to see many
            options.setdefault("length", _LENGTH * (1 + 9 * lines + 2 * bool(watched)))
        call = self._call(body, (tuple(watched), lines))
        found = explorer.explore(call, fatal=_FATAL, **options)
        return self._told(found)

    def replay(
        self,
        body: Body,
        schedule: Plan,
        *,
        watched: Sequence[str] = (),
        lines: bool = False,
        **options: Any,
    ) -> dict[str, Any]:
        """Run a body under one recorded schedule.

        Args:
            body: as for `explore`, as are the other arguments.
            schedule: of a result.
            watched: see `explore`.
            lines: see `explore`.
            options: those of `explorer.replay`.

        Returns:
            The result as plain data.
        """
        options.setdefault("cap", _CAP * (1 + 9 * lines))
        call = self._call(body, (tuple(watched), lines))
        found = explorer.replay(call, schedule, fatal=_FATAL, **options)
        return self._told(found)

    def _told(self, result: Result) -> dict[str, Any]:
        """The result without what differs from machine to machine."""
        found = dataclasses.asdict(result)
        del found["seconds"]
        found["story"] = list(result.story)
        found["schedule"] = [list(choice) for choice in result.schedule]
        lost = _LOST.search(result.message)
        if lost and (reason := self.why(lost[1])):
            found["message"] += f" ({reason})"
        return found

    def _call(self, body: Body, way: _Way) -> Callable[[], object]:
        module, snapshot = self._ready(way)

        def call() -> None:
            here = module
            if snapshot is None:
                here = self._load(way)
            else:
                snapshot.restore()
            if self._throws_dice:
                DICE.seed()
            body(here)

        return call

    def _ready(self, way: _Way) -> tuple[Module, Snapshot | None]:
        if way not in self._loaded:
            before, Context.run = Context.run, IdleRun()
            try:
                module = self._load(way)
            finally:
                Context.run = before
            try:
                names = module.__dict__["_lab_names"]
                snapshot: Snapshot | None = Snapshot(names, MODULE)
            except Unknown:
                snapshot = None
            self._loaded[way] = module, snapshot
        return self._loaded[way]

    def _load(self, way: _Way) -> Module:
        watched, lines = way
        if lines not in self._codes:
            self._codes[lines] = self._compiled(lines)
        names: dict[str, Any] = {
            "__name__": MODULE,
            "__builtins__": builtins_of(self._names),
        }
        self._failures = []
        OWN.clear()
        for label, statement, code in self._codes[lines]:
            try:
                exec(code, names)
            except Exception as error:
                self._failures.append(_refusal(label, statement, error))
        module = Module(self, names)
        touched.clear()
        for name in watched:
            watch(getattr(module, name))
        return module


_LOST = re.compile(r"NameError: name '(\w+)' is not defined")
_FATAL = (Missing, NotImplementedError, MemoryError)


def _refusal(label: str, statement: ast.stmt, error: Exception) -> Refusal:
    line = place(error.__traceback__)[0] or statement.lineno
    said = getattr(error, "msg", None) or str(error)
    text = f"{type(error).__name__}: {said}".rstrip(": ")
    return Refusal(label, line, text, tuple(bound(statement)))


@functools.cache
def compiled(source: str) -> bytes:
    """Compile the source of a scenario, for any process of this version of Python.

    Raises:
        SyntaxError: it is not Python.
    """
    return marshal.dumps(compile(source, JUDGE, "exec", dont_inherit=True))


def scenario(code: bytes, name: str) -> Callable[..., Any]:
    """Define a function that explores a program; it imports the fakes.

    Args:
        code: the function with what it uses, by `compiled`. No story quotes it.
        name: the function's name.

    Raises:
        KeyError: the code does not define the name.
    """
    names = namespace("scenario")
    exec(marshal.loads(code), names)
    function: Callable[..., Any] = names[name]
    return function
