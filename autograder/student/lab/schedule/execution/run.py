"""One run of a program under one schedule, a step at a time.

A step is one visible operation with the thread's own code after it. By default the
thread that runs goes on until it must wait; a *plan* lists the steps at which another
thread goes instead, so plan and program determine the run.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

from greenlet import GreenletExit, getcurrent, greenlet

from .chooser import Chooser, Picker
from .happens_before import HappensBefore
from .run_context import NUMBERED_OUTSIDE, UNTOLD, Context, IdleRun, Ready, plain
from .standstill import LOST, explain_further
from .story import Entry, place
from .task import Failure, Plan, Rules, Task, Uncaught

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")  # another one in every run
#: Greenlets that catch every exception and so cannot be ended; they are never resumed.
_UNENDED: list[Any] = []


def _unless_ended(hook: Callable[[Any], object], unraisable: Any) -> None:
    if not isinstance(unraisable.exc_value, GreenletExit):
        hook(unraisable)


class Run:
    """One execution: threads as greenlets, switched as its `chooser` says.

    The greenlet that calls `execute` is the hub: it starts threads' first steps, takes
    over where one ends or the run fails, and runs none of the program's threads.

    Attributes:
        chooser: the threads, the clock, the choices made and those left.
        order: what happens before what, where attribute accesses are steps.
        current: the thread that runs.
        story: an entry for each operation, if a story is wanted.
        failure: what went wrong, if anything.
        fatal: an exception that ends the whole search.
        again: more operations must be steps, so the run does not count.
    """

    # What few programs need is made when it is needed.
    fatal: BaseException | None = None
    excepthook: Any = None

    def __init__(
        self,
        rules: Rules,
        plan: Plan = (),
        left: int = 0,
        picker: Picker | None = None,
        story: list[Entry] | None = None,
        strict: bool = False,
    ) -> None:
        """Prepare a run.

        Args:
            rules: those of the exploration; the run sets `probing` and `racing` in them
                where it meets what needs them.
            plan: the schedule.
            left: preemptions that may be added to the plan.
            picker: chooses instead of a plan.
            story: gets an entry for every operation; None is faster.
            strict: whether a plan that does not fit the program is a failure.
        """
        self.rules = rules
        self.chooser = Chooser(rules, plan, left, picker, strict)
        self.order = HappensBefore() if rules.racing else None
        self.tasks = self.chooser.tasks
        self.story = story
        self.racing = rules.racing
        self.probing = rules.probing
        self.failure: Failure | None = None
        self.again = False
        self.over = False
        self._checking = rules.invariant is not None
        self._refusals = 0  # of the thread that is being ended
        self._hub = getcurrent()
        self.current: Task = None  # type: ignore[assignment]

    @property
    def clock(self) -> float:
        """The virtual time in seconds since the run began."""
        return self.chooser.clock

    @cached_property
    def numbers(self) -> dict[int, tuple[int, Any]]:
        """Objects with their number in this run, by id."""
        return dict(NUMBERED_OUTSIDE)

    @cached_property
    def made(self) -> dict[str, int]:
        """How many locks and the like were made, by label."""
        return {}

    @cached_property
    def exits(self) -> list[Callable[[], object]]:
        """What is called when the main thread has ended."""
        return []

    @cached_property
    def modules(self) -> dict[str, Any]:
        """Modules that were loaded for this run."""
        return {}

    @cached_property
    def _built(self) -> dict[int, Any]:
        """Objects with slots whose `__init__` has begun, by id."""
        return {}  # it keeps them alive, so that no id is used twice

    # What threads call.

    def step(self, ready: Ready, op: str, thing: Any = None) -> None:
        """Let other threads run, and return once `ready()` holds.

        Args:
            ready: says whether the thread can go on; None: at once.
            op: what it does, for the story and the explanation of a standstill.
            thing: to which object.
        """
        me = self.current
        if self.over:
            self._leave()
        chooser = self.chooser
        count = chooser.count = chooser.count + 1
        me.ready = ready
        me.op = op
        me.thing = thing
        if self.story is not None:
            me.place = place()
        if self._checking:
            self._check()
        if count < chooser.next_event and (ready is None or ready()):
            if count > chooser.noted_after:
                chooser.note_others(count, me)
        else:
            self._switch(me)
        if self.story is not None and op != UNTOLD:
            self.tell(op, thing)

    def goes_alone(self) -> bool:
        """Say whether a line need be no step: there is no other thread."""
        return self.chooser.goes_alone()

    def _switch(self, me: Task) -> None:
        """Run the thread whose turn it is, and return when it is `me`'s again."""
        if self.chooser.count > self.rules.cap:
            self.fail("livelock", f"still busy after {self.rules.cap:,} steps")
        task = self._choose(me)
        if task is None:
            self._hub.switch()
        elif task is not me:
            self.current = task
            task.greenlet.switch()
        if self.over:
            self._leave()

    def _choose(self, me: Task | None) -> Task | None:
        task = self.chooser.choose(me)
        self.failure = self.failure or self.chooser.failure
        return task

    def tell(self, op: str, thing: Any = None) -> None:
        """Add an operation to the story, if one is being written."""
        if self.story is not None and not self.over:
            here = self.current.place = place()
            count, name = self.chooser.count, self.current.name
            self.story.append(Entry(count, name, *here[:2], op, thing, here.library))

    def spawn(
        self, thread: Any, body: Callable[[], object], name: str, daemon: bool
    ) -> Task:
        """Start a thread; no code of the program runs in here.

        Args:
            thread: the object that the program has of it.
            body: what it runs.
            name: its name in stories.
            daemon: whether the program may end before it.
        """
        task = Task(len(self.tasks), thread, name, daemon)
        task.greenlet = greenlet(partial(self._live, task, body), self._hub)
        if self.order is not None and self.tasks:
            self.order.fork(self.current, task)
        self.chooser.add(task)
        return task

    def probe(self) -> None:
        """Note that the program asks whether a lock is held: releases must be steps."""
        if not self.rules.probing:
            self.rules.probing = self.again = True

    def publish(self, thing: Any) -> None:
        """What the thread did so far happens before what follows a `learn(thing)`."""
        if self.order is not None:
            self.order.publish(self.current, thing)

    def learn(self, thing: Any) -> None:
        """What was published with `thing` happens before what the thread does next."""
        if self.order is not None:
            self.order.learn(self.current, thing)

    def access(self, thing: Any, name: str, write: bool) -> None:
        """Make the access of a watched attribute a step, and fail if it is a race."""
        order = self.order
        if order is None:
            self.rules.racing = self.again = True
            return
        self.step(None, f"{'write' if write else 'read'} {type(thing).__name__}.{name}")
        if not self.rules.races:
            return
        # A line is looked up only where it will be read: it is slow.
        line = place()[0] if self.story is not None else 0
        if race := order.access(self.current, thing, name, write, line):
            self.fail("race", race)

    def builds(self, thing: Any) -> bool:
        """Note that an object's `__init__` runs; say whether for the first time."""
        if id(thing) in self._built:
            return False
        self._built[id(thing)] = thing
        return True

    def fail(self, kind: str, message: str) -> None:
        """End the run here, with what went wrong."""
        if self.failure is None:
            self.failure = Failure(kind, message)
        self._hub.switch()

    # How a run starts and ends.

    def execute(self, thread: Any, body: Callable[[], object]) -> None:
        """Run the program to its end, or to its first failure.

        Args:
            thread: the object that the program sees as its main thread.
            body: the program.
        """
        before = Context.run
        Context.run = self
        chooser = self.chooser
        try:
            self.current = self.spawn(thread, body, "main", False)
            thread._lab_task = self.current
            self.current.greenlet.switch()
            while self.failure is None and not self.again:
                if not chooser.needed:
                    self._check()
                    break
                chooser.count += 1
                task = self._choose(None)
                if task is None or self.failure is not None:
                    break
                self.current = task
                task.greenlet.switch()
            if self.rules.explaining and self.failure and self.failure.kind == LOST:
                self.story, story = None, self.story
                self.failure = explain_further(self.tasks, self.failure, self.stir)
                self.story = story
        finally:
            self.over = True
            if chooser.live:
                self._end_all(list(chooser.live))
            for task in self.tasks:  # no cycles: a search leaves little to collect
                task.thread = task.greenlet = task.ready = task.thing = None
                task.fed_by = None
            Context.run = before

    def stir(self, task: Task) -> bool:
        """Wake a sleeper for no reason in a run that stands still.

        Returns:
            Whether it does anything but go back to sleep.
        """
        before, self.failure, self.chooser.failure = self.chooser.count, None, None
        task.woken = True
        if task.ready is None or not task.ready():
            return True  # something else holds it, so nothing is known of it
        self.current = task
        task.greenlet.switch()
        return self.chooser.count != before + 1 or not task.drowsy

    def _live(self, task: Task, body: Callable[[], object]) -> None:
        """Run a thread from start to end, in its own greenlet."""
        try:
            if self.story is not None and task.number:
                count = self.chooser.count
                self.story.append(Entry(count, task.name, 0, "", "start", None))
            body()
            if not task.number:
                while "exits" in self.__dict__ and self.exits:
                    self.exits.pop()()
        except BaseException as error:
            if not self.over and self.failure is None:
                self._raised(task, self._hooked(task, error))
        task.done = True
        self.chooser.remove(task)
        if self.order is not None and not self.over:
            self.order.publish(self.current, task.thread)

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
        Context.run = self._aside()  # `str(error)` runs the program's code
        try:
            text = _ADDRESS.sub("", plain(error))
        except BaseException:
            text = "(its text cannot be read)"
        finally:
            Context.run = self
        said = f"{name}: {text}".rstrip(": ") + line
        self.failure = Failure("exception", f"in {task.name}: {said}")

    def _aside(self) -> IdleRun:
        """A context for code of the program that runs in none of its threads."""
        idle = IdleRun()
        idle.clock, idle.numbers = self.clock, self.numbers
        return idle

    def _check(self) -> None:
        """Fail if the invariant does not hold."""
        rule = self.rules.invariant
        if rule is None or self.over or self.failure is not None:
            return
        Context.run, self._checking = self._aside(), False
        try:
            held = rule()
            said = "the invariant does not hold" if held is False else ""
            said = held if isinstance(held, str) else said
        except AssertionError as error:
            said = str(error) or "the invariant does not hold"
        finally:
            Context.run, self._checking = self, True
        if said and getcurrent() is self._hub:
            self.failure = Failure("invariant", f"at the end: {said}")
        elif said:  # not raised: the thread might catch it
            self.fail("invariant", f"in {self.current.name}: {said}")

    def _leave(self) -> None:
        """The run is over: end the thread that is running."""
        if getcurrent() is self._hub:
            return  # a __del__ that uses a lock: no thread of the program runs it
        self._refusals += 1
        if self._refusals > 100:  # it catches every exception: suspend it for good
            _UNENDED.append(getcurrent())
            if len(_UNENDED) > 1000:
                self.fatal = RuntimeError(
                    "a thread catches every exception and never ends: let"
                    " BaseException pass, or explore fewer schedules"
                )
            while True:
                self._hub.switch()
        raise GreenletExit

    def _end_all(self, tasks: list[Task]) -> None:
        """End threads; what is freed with them may call a lock, and ends there too."""
        hook = sys.unraisablehook
        sys.unraisablehook = partial(_unless_ended, hook)
        try:
            for task in tasks:
                self._end(task)
        finally:
            sys.unraisablehook = hook

    def _end(self, task: Task) -> None:
        if not task.done:
            self.current = task
            self._refusals = 0
            task.greenlet.throw(GreenletExit)
