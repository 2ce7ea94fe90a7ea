"""Ranks of a student's own check: greenlets of this process, a namespace for each.

While grading, every rank is a process of its own. Here each works on its own copy of
the submission's functions and plain data, so that what one leaves in a global variable
is not there for another.
"""

from __future__ import annotations

import copy
import types
from typing import Any

import numpy as np
from greenlet import GreenletExit, getcurrent, greenlet

from autograder.student.interpreter import Interpreter
from autograder.student.testing.muting import ENDS, Printed, muted

Frame = tuple[bool, bytes]  # whether it is a callback, and what it says
_NOTEBOOK = ("In", "Out")  # what a kernel keeps beside the student's names


class LocalRank:
    """One rank, driven from callback to callback."""

    def __init__(self, module: types.ModuleType, output: Printed) -> None:
        self._interpreter = Interpreter(own_copy(module), ends=ENDS)
        self._output = output
        self._greenlet: greenlet | None = None
        self._hub = getcurrent()

    def begin(self, message: bytes) -> Frame:
        """Send a request; return its first callback or its reply."""
        self._greenlet = greenlet(self._live)
        return self._switch(message)

    def go_on(self, answer: bytes) -> Frame:
        """Answer a callback; return the next one or the reply."""
        return self._switch(answer)

    def end(self) -> None:
        """End it where it waits."""
        for _ in range(100):  # it may catch even this
            if not self._greenlet:
                return
            self._hub = getcurrent()
            with muted(self._output):
                self._greenlet.throw(GreenletExit)

    def _switch(self, data: bytes) -> Frame:
        assert self._greenlet is not None
        self._hub = getcurrent()
        with muted(self._output):
            return self._greenlet.switch(data)  # type: ignore[no-any-return]

    def _live(self, message: bytes) -> Frame:
        return False, self._interpreter.answer(message, self._call_back)

    def _call_back(self, message: bytes) -> bytes:
        return self._hub.switch((True, message))  # type: ignore[no-any-return]


class LocalParty:
    """The ranks of one run."""

    def __init__(self, module: types.ModuleType, n: int, output: Printed) -> None:
        self.ranks = [LocalRank(module, output) for _ in range(n)]

    def close(self) -> None:
        """End those that still wait."""
        for rank in self.ranks:
            rank.end()


def own_copy(module: types.ModuleType) -> types.ModuleType:
    """Copy a namespace: its functions see the copy, plain data is copied too."""
    copied = types.ModuleType(module.__name__)
    names = copied.__dict__
    for name, value in vars(module).items():
        if isinstance(value, types.FunctionType):
            names[name] = _function(value, vars(module), names)
        elif not name.startswith("_") and name not in _NOTEBOOK:
            names[name] = _data(value)
        else:
            names[name] = value
    return copied


def _function(
    function: types.FunctionType, home: dict[str, Any], names: dict[str, Any]
) -> types.FunctionType:
    if function.__globals__ is not home:
        return function
    defaults = function.__defaults__
    copied = types.FunctionType(
        function.__code__,
        names,
        function.__name__,
        defaults and tuple(map(_data, defaults)),
        function.__closure__,
    )
    copied.__kwdefaults__ = function.__kwdefaults__ and {
        name: _data(value) for name, value in function.__kwdefaults__.items()
    }
    copied.__dict__.update(function.__dict__)
    return copied


def _data(value: Any) -> Any:
    if not isinstance(value, (list, dict, set, bytearray, np.ndarray)):
        return value
    try:
        return copy.deepcopy(value)
    except Exception:  # it holds what cannot be copied
        return value
