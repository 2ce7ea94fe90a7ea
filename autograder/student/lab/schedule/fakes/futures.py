"""`concurrent.futures` under the explorer: CPython's own source over the fakes."""

from __future__ import annotations

import builtins
import concurrent.futures
import functools
import importlib.util
import logging
from pathlib import Path
from types import CodeType, ModuleType, SimpleNamespace
from typing import Any

from ..execution.run_context import Context
from ..execution.task import Unexplored
from .modules import FAKES

_OS = SimpleNamespace(cpu_count=lambda: 2, process_cpu_count=lambda: 2)
#: A search ends thousands of workers early, and each would log that.
_QUIET = logging.Logger("concurrent.futures", logging.CRITICAL + 1)
_LOGGING = SimpleNamespace(
    getLogger=lambda name: _QUIET, StreamHandler=logging.NullHandler
)


@functools.cache
def _code(name: str) -> CodeType:
    spec = importlib.util.find_spec(f"concurrent.futures.{name}")
    if spec is None or spec.origin is None:
        raise ImportError(f"concurrent.futures.{name} has no source to explore")
    source = Path(spec.origin).read_text(encoding="utf-8")
    return compile(source, spec.origin, "exec", dont_inherit=True)


class _Package(ModuleType):
    """The fake `concurrent.futures`, loaded anew in each run that imports it."""

    def __getattr__(self, name: str) -> Any:
        if name == "ProcessPoolExecutor":
            raise Unexplored(
                "concurrent.futures.ProcessPoolExecutor starts processes, and the "
                "explorer runs threads: use ThreadPoolExecutor"
            )
        raise AttributeError(f"concurrent.futures has no {name}")


def _package() -> ModuleType:
    modules = Context.run.modules
    if "concurrent.futures" not in modules:
        package = modules["concurrent.futures"] = _Package("concurrent.futures")
        for part in ("_base", "thread"):
            module = ModuleType(f"concurrent.futures.{part}")
            module.__dict__["__builtins__"] = {**vars(builtins), "__import__": _import}
            exec(_code(part), module.__dict__)
            setattr(package, part, module)
            for name in concurrent.futures.__all__:
                if hasattr(module, name):
                    setattr(package, name, getattr(module, name))
    found: ModuleType = modules["concurrent.futures"]
    return found


def _import(name: str, *args: Any) -> Any:
    """What the source itself imports."""
    if name in FAKES:
        return FAKES[name]
    if name in ("os", "logging"):
        return _OS if name == "os" else _LOGGING
    if name == "concurrent.futures":
        return _package()
    return builtins.__import__(name, *args)


def imported(name: str, wanted: Any) -> Any:
    """Answer an import of `concurrent` or of something in it.

    Args:
        name: the module's dotted name.
        wanted: what `from` asks of it; empty for a plain `import`.

    Raises:
        ImportError: it is not `concurrent.futures`.
    """
    package = _package()
    if not wanted:
        return SimpleNamespace(futures=package)
    parts = {"concurrent": SimpleNamespace(futures=package)}
    parts |= {"concurrent.futures": package}  # type: ignore[dict-item]
    parts["concurrent.futures.thread"] = package.thread
    if name not in parts:
        raise ImportError(f"{name} is not explored: use concurrent.futures")
    return parts[name]
