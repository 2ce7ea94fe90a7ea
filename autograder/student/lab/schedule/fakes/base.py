"""What all fakes share: how they are hashed and named, and waiting with a timeout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..execution.run_context import Context, number_of, timed
from ..execution.story import place


class Sync:
    """A lock, queue or the like: reading an attribute that holds one is no step."""

    __slots__ = ()

    def __hash__(self) -> int:
        return number_of(self)  # so that sets of threads are alike in each run


class Thing(Sync):
    """A fake that a story can name by where it was made."""

    _lab_label = ""

    def _lab_named(self, what: str) -> None:
        if Context.run.story is not None:
            line = place()[0]
            article = "an" if what[0] in "AEIOU" else "a"
            label = f"the {what} of line {line}" if line else f"{article} {what}"
            made = Context.run.made[label] = Context.run.made.get(label, 0) + 1
            self._lab_label = label if made == 1 else f"{label} (no. {made})"


def expiring(
    ready: Callable[[], bool], timeout: float | None, op: str, thing: Any
) -> bool:
    """Wait in one step until `ready()`, or until the timeout.

    Args:
        ready: says whether the thread can go on.
        timeout: virtual seconds; None waits for ever.
        op: what the thread does, for stories.
        thing: to which fake.

    Returns:
        Whether it is ready.
    """
    run = Context.run
    if timeout is None:
        run.step(ready, op, thing)
        return True
    me = run.current
    me.deadline = deadline = timed(timeout) or 0.0
    run.step(lambda: ready() or deadline <= Context.run.clock, op, thing)
    me.deadline = None
    return bool(ready())


def acquired(
    ready: Callable[[], bool], blocking: bool, timeout: float | None, thing: Any
) -> bool:
    """Take one step of an `acquire` that may give up.

    Args:
        ready: says whether the lock or semaphore can be had.
        blocking: whether to wait for it.
        timeout: virtual seconds to wait; -1 or None where none was given.
        thing: the lock or semaphore.

    Returns:
        Whether it can be had now.

    Raises:
        ValueError: the timeout is negative, or given without `blocking`.
    """
    run = Context.run
    if not blocking and timeout not in (-1, None):
        raise ValueError("can't specify a timeout for a non-blocking call")
    if blocking and (timeout or 0.0) < 0:
        raise ValueError("timeout value must be a non-negative number")
    run.probe()
    if not blocking:
        run.step(None, "try to acquire", thing)
    else:
        expiring(ready, timeout, "acquire", thing)
    return bool(ready())
