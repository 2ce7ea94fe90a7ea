"""The hidden solution as tests see it: plain calls are answered once per class run."""

from __future__ import annotations

import importlib.util
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from autograder import codec


def load_module(path: Path, name: str) -> types.ModuleType:
    """Import a Python file under a name, without touching ``sys.path``."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Reference:
    """A module whose functions remember what they answered to plain arguments.

    Arrays in remembered answers are read-only, since every test shares them. Calls
    with arguments that are not plain (functions, objects) run every time.
    """

    def __init__(self, path: Path) -> None:
        module = load_module(path, f"reference_{path.parent.name.replace('-', '_')}")
        sys.modules[module.__name__] = module  # dataclasses look their module up
        self._module = module
        self._answers: dict[tuple[str, bytes], Any] = {}

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._module, name)
        if isinstance(value, types.FunctionType):
            return self._remembering(name, value)
        return value

    def _remembering(self, name: str, function: Callable[..., Any]) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            try:
                key = (name, codec.dumps([list(args), sorted(kwargs.items())]))
            except codec.CodecError:
                return function(*args, **kwargs)
            if key not in self._answers:
                answer = function(*args, **kwargs)
                _freeze(answer)
                self._answers[key] = answer
            return self._answers[key]

        return call


def _freeze(value: Any) -> None:
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    elif isinstance(value, (list, tuple)):
        for item in value:
            _freeze(item)
