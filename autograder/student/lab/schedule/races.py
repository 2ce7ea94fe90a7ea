"""Data races: two accesses of one attribute, one a write, that nothing orders.

Vector clocks, as in FastTrack (Flanagan and Freund 2009): whoever releases a lock,
sets an event or ends publishes its clock; whoever acquires, wakes or joins learns it.
"""

from __future__ import annotations

from typing import Any

from .port import Port, number_of
from .story import place

Clock = dict[int, int]
Access = tuple[int, int, str, int]  # thread, its time, its name, the line


class Books:
    """The part of a run that knows what happened before what."""

    current: Any
    rules: Any
    over: bool
    again: bool
    racing: bool
    built: set[int] | None = None

    def __init__(self) -> None:
        self.published: dict[int, Clock] = {}
        self.kept: list[Any] = []  # so that no id is used twice in a run
        self.written: dict[tuple[int, str], Access] = {}
        self.readers: dict[tuple[int, str], dict[int, Access]] = {}

    def builds(self, thing: Any) -> bool:
        """Note that an object is being built; say whether for the first time."""
        if self.built is None:
            self.built = set()
        if id(thing) in self.built:
            return False
        self.built.add(id(thing))
        self.kept.append(thing)
        return True

    def fork(self, parent: Any, child: Any) -> None:
        child.clock = dict(parent.clock)
        child.clock[child.number] = 1
        self._tick(parent)

    def publish(self, thing: Any) -> None:
        """What this thread did so far happens before whoever learns of `thing`."""
        clock = self.published.get(id(thing))
        if clock is None:
            clock = self.published[id(thing)] = {}
            self.kept.append(thing)
        _join(clock, self.current.clock)
        self._tick(self.current)

    def learn(self, thing: Any) -> None:
        clock = self.published.get(id(thing))
        if clock is not None:
            _join(self.current.clock, clock)

    def access(self, thing: Any, name: str, write: bool) -> None:
        """Make an access a step, and report it if it races with an earlier one."""
        if not self.racing:
            self.rules.racing = self.again = True
            return
        verb = "writes" if write else "reads"
        self.step(None, f"{verb[:-1]} {type(thing).__name__}.{name}")  # type: ignore[attr-defined]
        if not self.rules.races:
            return
        me = self.current
        key = (id(thing), name)
        if key not in self.readers:
            self.readers[key] = {}
            self.kept.append(thing)
        # A line is looked up only where it will be read: it is slow.
        line = place()[0] if self.story is not None else 0  # type: ignore[attr-defined]
        here = (me.number, me.clock.get(me.number, 0), me.name, line)
        earlier = [(self.written.get(key), "writes")]
        if write:
            earlier += [(other, "reads") for other in self.readers[key].values()]
        for other, what in earlier:
            if other and other[0] != me.number and self._unordered(other):
                self.fail(  # type: ignore[attr-defined]
                    "race",
                    f"{other[2]} {what} {type(thing).__name__}.{name} (line "
                    f"{other[3]}) and {me.name} {verb} it (line {line}) with nothing "
                    "that orders the two",
                )
        if write:
            self.written[key] = here
            self.readers[key] = {}
        else:
            self.readers[key][me.number] = here

    def _unordered(self, other: Access) -> bool:
        return bool(self.current.clock.get(other[0], 0) < other[1])

    def _tick(self, task: Any) -> None:
        task.clock[task.number] = task.clock.get(task.number, 0) + 1


def _join(into: Clock, other: Clock) -> None:
    for number, time in other.items():
        if into.get(number, 0) < time:
            into[number] = time


class Sync:
    """A lock, queue or the like: reading an attribute that holds one is no step."""

    __slots__ = ()

    def __hash__(self) -> int:
        return number_of(self)  # so that sets of threads are alike in each run


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
    """Put the hooks on a class; the old methods are taken from `base`."""
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
            Port.run.access(self, name, False)
        return get(self, name)

    def write(self: Any, name: str, value: Any) -> None:
        if is_data(self, name) and not isinstance(value, Sync):
            Port.run.access(self, name, True)
        put(self, name, value)

    def delete(self: Any, name: str) -> None:
        if is_data(self, name):
            Port.run.access(self, name, True)
        drop(self, name)

    def create(self: Any, *args: Any, **kwargs: Any) -> None:
        # Nobody else knows an object that is being built, for the first time.
        try:
            again = "_lab_built" in get(self, "__dict__")
            get(self, "__dict__")["_lab_built"] = True
        except AttributeError:  # it has slots
            again = not Port.run.builds(self)
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
