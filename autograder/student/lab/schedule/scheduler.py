"""One run of a program under one schedule, a step at a time.

A step is one visible operation with the thread's own code after it. By default the
thread that runs goes on until it must wait; a *plan* lists the steps at which another
thread goes instead, so plan and program determine the run. A negative number in a
plan, ~n, is a spurious wake-up of thread n.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

from greenlet import GreenletExit, getcurrent, greenlet

from .chooser import Chooser
from .picker import Picker
from .port import BEFORE, Idle, Port, Ready, plain
from .story import Entry, place
from .task import Failure, Plan, Rules, Task
from .threads import Uncaught

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")  # another one in every run


class Run(Chooser):
    """One execution: its threads, its clock, the choices made and those left."""

    def __init__(
        self,
        rules: Rules,
        plan: Plan = (),
        left: int = 0,
        picker: Picker | None = None,
        story: bool = False,
        strict: bool = False,
    ) -> None:
        super().__init__(rules, plan, left, picker, strict)
        self.story: list[Entry] | None = [] if story else None
        self.racing = rules.racing
        self.probing = rules.probing
        self.again = False
        self.over = False
        self.attentive = rules.invariant is not None
        self.stubborn = 0
        self.hub = getcurrent()
        self.current: Task = None  # type: ignore[assignment]

    # What few programs need is made when it is needed.

    fatal: BaseException | None = None
    excepthook: Any = None

    @cached_property
    def numbers(self) -> dict[int, tuple[int, Any]]:
        """Objects by their number in this run."""
        return dict(BEFORE)

    @cached_property
    def made(self) -> dict[str, int]:
        """How many locks and the like were made at a line."""
        return {}

    @cached_property
    def exits(self) -> list[Callable[[], object]]:
        """What is called when the main thread has ended."""
        return []

    @cached_property
    def modules(self) -> dict[str, Any]:
        """Modules that were loaded for this run."""
        return {}

    # The part that threads call.

    def step(self, ready: Ready, op: str, thing: Any = None) -> None:
        """Offer other threads the turn, then go on once `ready()` holds."""
        me = self.current
        if self.over:
            self._leave()
        count = self.count = self.count + 1
        me.ready = ready
        me.op = op
        me.thing = thing
        if self.story is not None:
            me.place = place()
        if self.attentive:
            self._check()
        if count < self.event and (ready is None or ready()):
            if self.left and count > self.last:
                self._branch(count, me)
        else:
            self._switch(me)
        if self.story is not None:
            self.tell(op, thing)

    def tell(self, op: str, thing: Any = None) -> None:
        """Add a line to the story, if one is being written."""
        if self.story is not None and not self.over:
            where = place()
            self.current.place = where
            self.story.append(Entry(self.count, self.current.name, *where, op, thing))

    def spawn(
        self, thread: Any, body: Callable[[], object], name: str, daemon: bool
    ) -> Task:
        """Start a thread; no code of the program runs in here."""
        task = Task(len(self.tasks), thread, name, daemon)
        task.greenlet = greenlet(partial(self._live, task, body), self.hub)
        if self.racing and self.tasks:
            self.fork(self.current, task)
        self.tasks.append(task)
        self.live.append(task)
        self.needed += not task.daemon
        if self.picker is not None:
            self.picker.welcome(task.number)
        return task

    def probe(self) -> None:
        """Somebody looks whether a lock is held: releases must be steps."""
        if not self.rules.probing:
            self.rules.probing = self.again = True

    def fail(self, kind: str, message: str) -> None:
        """End the run here, with what went wrong."""
        if self.failure is None:
            self.failure = Failure(kind, message)
        self.hub.switch()

    # The part that starts and ends.

    def execute(self, thread: Any, body: Callable[[], object]) -> None:
        """Run the program to its end, or to its first failure."""
        before = Port.run
        Port.run = self
        try:
            self.current = self.spawn(thread, body, "main", False)
            thread._lab_task = self.current
            self.current.greenlet.switch()
            while self.failure is None and not self.again:
                if not self.needed:
                    self._check()
                    break
                self.count += 1
                task = self._choose(None)
                if task is None or self.failure is not None:
                    break
                self.current = task
                task.greenlet.switch()
        finally:
            self.over = True
            for task in list(self.live):
                self._end(task)
            for task in self.tasks:  # no cycles: a search leaves little to collect
                task.thread = task.greenlet = task.ready = task.thing = None
            Port.run = before

    def _live(self, task: Task, body: Callable[[], object]) -> None:
        try:
            if self.story is not None and task.number:
                self.story.append(Entry(self.count, task.name, 0, "", "start", None))
            body()
            if not task.number:
                while "exits" in self.__dict__ and self.exits:
                    self.exits.pop()()
        except BaseException as error:
            if not self.over and self.failure is None:
                self._raised(task, self._hooked(task, error))
        task.done = True
        self.live.remove(task)
        self.needed -= not task.daemon
        if self.racing and not self.over:
            self.publish(task.thread)

    def _hooked(self, task: Task, error: BaseException) -> BaseException | None:
        """Give an exception that left a thread to the program's hook for those."""
        hook = self.excepthook
        quiet = not task.number
        if hook is None or quiet or isinstance(error, self.rules.fatal):
            return error
        try:
            hook(Uncaught(type(error), error, error.__traceback__, task.thread))
        except BaseException as raised:
            return None if isinstance(raised, GreenletExit) else raised
        return None

    def _raised(self, task: Task, error: BaseException | None) -> None:
        """An exception left a thread."""
        if error is None or self.over or self.failure is not None:
            return
        if isinstance(error, self.rules.fatal) or getattr(error, "ends_search", False):
            self.fatal = error
        may_exit = task.number or not self.rules.strict_exit
        if isinstance(error, SystemExit) and may_exit:
            return
        name = plain(type(error).__name__)
        self.failure = Failure("exception", f"in {task.name}: {name}")
        where = place(error.__traceback__)
        line = f" at line {where[0]}" if where[0] else ""
        Port.run = self._aside()  # its text is code of the program's
        try:
            text = _ADDRESS.sub("", plain(error))
        except BaseException:
            text = "(its text cannot be read)"
        finally:
            Port.run = self
        said = f"{name}: {text}".rstrip(": ") + line
        self.failure = Failure("exception", f"in {task.name}: {said}")

    def _aside(self) -> Idle:
        """Where code of the program runs that is none of its threads'."""
        idle = Idle()
        idle.clock, idle.numbers = self.clock, self.numbers
        return idle

    def _check(self) -> None:
        rule = self.rules.invariant
        if rule is None or self.over or self.failure is not None:
            return
        Port.run, self.attentive = self._aside(), False
        try:
            held = rule()
            said = "the invariant does not hold" if held is False else ""
            said = held if isinstance(held, str) else said
        except AssertionError as error:
            said = str(error) or "the invariant does not hold"
        finally:
            Port.run, self.attentive = self, True
        if said and getcurrent() is self.hub:
            self.failure = Failure("invariant", f"at the end: {said}")
        elif said:  # not raised: the thread might catch it
            self.fail("invariant", f"in {self.current.name}: {said}")

    def _leave(self) -> None:
        """The run is over: a thread that will not stop is parked for good."""
        if getcurrent() is self.hub:
            return  # an object's farewell, which nobody hears
        self.stubborn += 1
        if self.stubborn > 100:
            GRAVEYARD.append(getcurrent())
            if len(GRAVEYARD) > 1000:
                self.fatal = RuntimeError(
                    "a thread catches every exception and never ends: let"
                    " BaseException pass, or explore fewer schedules"
                )
            while True:
                self.hub.switch()
        raise GreenletExit

    def _end(self, task: Task) -> None:
        if not task.done:
            self.current = task
            self.stubborn = 0
            task.greenlet.throw(GreenletExit)


GRAVEYARD: list[Any] = []
