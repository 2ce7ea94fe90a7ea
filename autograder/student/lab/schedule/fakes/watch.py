"""Classes and objects whose attribute accesses are steps."""

from __future__ import annotations

from typing import Any

from ..execution.run_context import Context
from .base import Sync


def watch(target: Any) -> Any:
    """Make each access to the data attributes of an object a step.

    Args:
        target: an object, or a class (all its objects from then on); usable as a
            class decorator.

    Returns:
        The same object or class.
    """
    if isinstance(target, type):
        _hook(target, target)
        return target
    base = type(target)
    child = type(base.__name__, (base,), {"__module__": base.__module__})
    _hook(child, base)
    object.__setattr__(target, "__class__", child)
    return target


def _hook(cls: type, base: type) -> None:
    """Put the hooks on a class; the methods that they call are those of `base`."""
    if "_lab_watched" in vars(cls):
        return
    get: Any = base.__getattribute__
    put: Any = base.__setattr__
    drop: Any = base.__delattr__
    init: Any = vars(base).get("__init__", base.__init__)  # type: ignore[misc]
    building: set[int] = set()

    def is_data(self: Any, name: str) -> bool:
        own = getattr(type(self), name, None)
        plain = own is None or hasattr(type(own), "__set__") or not callable(own)
        return plain and not name.startswith("__") and id(self) not in building

    def read(self: Any, name: str) -> Any:
        if name.startswith("__") or not is_data(self, name):
            return get(self, name)
        if isinstance(get(self, name), Sync):
            return get(self, name)
        if not isinstance(getattr(type(self), name, None), property):
            Context.run.access(self, name, False)
        return get(self, name)

    def write(self: Any, name: str, value: Any) -> None:
        if is_data(self, name) and not isinstance(value, Sync):
            Context.run.access(self, name, True)
        put(self, name, value)

    def delete(self: Any, name: str) -> None:
        if is_data(self, name):
            Context.run.access(self, name, True)
        drop(self, name)

    def create(self: Any, *args: Any, **kwargs: Any) -> None:
        # No other thread knows an object while its first `__init__` runs.
        try:
            again = "_lab_built" in get(self, "__dict__")
            get(self, "__dict__")["_lab_built"] = True
        except AttributeError:  # it has slots
            again = not Context.run.builds(self)
        if again:
            init(self, *args, **kwargs)
            return
        building.add(id(self))
        try:
            init(self, *args, **kwargs)
        finally:
            building.discard(id(self))

    hooks = {"__getattribute__": read, "__setattr__": write, "__delattr__": delete}
    for name, value in {**hooks, "__init__": create, "_lab_watched": True}.items():
        setattr(cls, name, value)
