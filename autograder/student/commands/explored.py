"""What an exploration found, in words: the story, or how far the search went."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograder.student.lab.schedule import Result

_PALETTE = ("cyan", "yellow", "green", "magenta", "blue", "red")


@dataclass(frozen=True)
class Options:
    """What `autograder explore` was asked, as far as a replay depends on it."""

    function: str | None
    watch: tuple[str, ...]
    lines: bool
    spurious: bool
    hasty: bool
    seed: int

    def words(self) -> Iterator[str]:
        """Yield the command line's words for what is not the default."""
        if self.function is not None:
            yield from ("--function", self.function)
        for name in self.watch:
            yield from ("--watch", name)
        for name in ("lines", "spurious", "hasty"):
            if getattr(self, name):
                yield f"--{name}"
        if self.seed:
            yield from ("--seed", str(self.seed))


@dataclass(frozen=True)
class Search:
    """One search and what were steps in it."""

    found: Result
    options: Options
    bound: int


def show(
    file: Path, searches: Sequence[Search], shared: Sequence[str], *, alone: bool
) -> None:
    """Tell the failure that was found, or what was looked at without finding one.

    Args:
        file: the program.
        searches: the last one failed, or none did.
        shared: what threads share with nothing that orders it, a sentence each.
        alone: whether the program has its main thread alone.
    """
    last = searches[-1]
    if last.found.failed:
        show_failure(last.found)
        print_plainly(f"again: {again(file, last)}")
        return
    total = sum(search.found.schedules for search in searches)
    print_plainly(f"no failure in {total:,} schedules")
    for search in searches:
        print_plainly(f"  {reach(search)}")
    if alone:
        print_plainly("The program starts no thread: there was nothing to interleave.")
        return
    for line in _unlooked(last, shared):
        print_plainly(line)


def again(file: Path, search: Search) -> str:
    """Return the command that runs a failing schedule again."""
    plan = json.dumps([list(choice) for choice in search.found.schedule])
    words = ["autograder", "explore", str(file), *search.options.words()]
    return shlex.join([*words, "--replay", plan])


def reach(search: Search) -> str:
    """Say what were steps in a search and which schedules of them it ran."""
    found, bound = search.found, search.bound
    if found.complete:
        text = f"all with at most {_preemptions(bound)}"
    elif found.completed >= 0:
        text = f"all with at most {_preemptions(found.completed)}, "
        text += f"not all with {found.completed + 1}"
    else:
        text = "not all, even of those without a preemption"
    if found.at_random:
        text += f", and {found.at_random:,} at random"
    lines = ", each line a step" if search.options.lines else ""
    rate = found.schedules / max(found.seconds, 1e-9)
    return (
        f"{found.schedules:,}{lines}: {text} "
        f"({found.seconds:.1f} s, {rate:,.0f} a second)"
    )


def _preemptions(number: int) -> str:
    return f"{number} preemption" if number == 1 else f"{number} preemptions"


def _unlooked(search: Search, shared: Sequence[str]) -> Iterator[str]:
    """Yield what a search without a failure does not prove."""
    options = search.options
    yield (
        "Steps: operations on locks, conditions, events, semaphores, barriers, queues,"
        " futures and threads, and sleeps."
    )
    if options.lines:
        yield (
            "Each line of a function was a step as well; what one line does was not"
            " interrupted, but for `x += ...`."
        )
    else:
        watched = ", ".join(options.watch)
        but = f" but for those of {watched}" if watched else ""
        yield (
            f"Variables, attributes and lists{but} were not steps: what a thread does"
            " with them between two steps was not interrupted. --lines makes each line"
            " a step."
        )
    for sentence in shared:
        yield f"Shared: {sentence}."
    if shared:
        yield (
            "A schedule fails where a thread raises or waits for ever: assert at the"
            " end what these must hold, and the search can find where they do not."
        )
    missing = []
    if not options.spurious:
        missing.append("sleepers that wake for no reason (--spurious)")
    if not options.hasty:
        missing.append("timeouts that expire while others work (--hasty)")
    missing += ["more preemptions (--bound)", "other inputs"]
    yield f"No proof. Not tried: {', '.join(missing)}."


def show_failure(found: Result) -> None:
    """Print a story in a colour a thread, what went wrong, and how it was found."""
    from rich.console import Console
    from rich.markup import escape

    console = Console(highlight=False)
    colours: dict[str, str] = {}
    ending = f"{found.kind}: {found.message}".splitlines()
    for line in found.story[: len(found.story) - len(ending)]:
        thread = line[6:].split("  ")[0].strip()
        colour = colours.setdefault(thread, _PALETTE[len(colours) % len(_PALETTE)])
        console.print(f"[{colour}]{escape(line)}[/]", soft_wrap=True)
    console.print(f"[bold red]{escape(found.kind)}[/]", end="")
    console.print(f": {escape(found.message)}", soft_wrap=True)
    print_plainly(
        f"{_preemptions(found.preemptions)} (a thread stops where it could go on); >"
        f" marks another thread; found in {found.schedules:,} schedules,"
        f" {found.seconds:.1f} s"
    )


def print_plainly(line: Any) -> None:
    """Print a line as it is, however long."""
    print(line)
