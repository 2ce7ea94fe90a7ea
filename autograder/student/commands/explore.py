"""The command `explore`: a threaded program under every schedule up to a bound."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from autograder.student.lab.schedule import Result

_LOOK_S = 2.0  # between looks; so many without a step are an endless loop
_LOOKS = 5


class Ended(BaseException):
    """The user, or the watch, ends the search."""

    ends_search = True


def explore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A Python program.")],
    function: Annotated[
        str | None,
        typer.Option("--function", help="Call this in each run; else run the script."),
    ] = None,
    bound: Annotated[
        int, typer.Option(min=0, help="Preemptions of the exhaustive search.")
    ] = 2,
    schedules: Annotated[
        int, typer.Option(min=0, help="At most so many schedules of that search.")
    ] = 100_000,
    random: Annotated[
        int, typer.Option(min=0, help="Random schedules after it.")
    ] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of the random schedules.")] = 0,
    spurious: Annotated[
        bool, typer.Option("--spurious", help="Sleepers may wake for no reason.")
    ] = False,
    hasty: Annotated[
        bool, typer.Option("--hasty", help="Timeouts may expire while others work.")
    ] = False,
    seconds: Annotated[float, typer.Option(min=0, help="Time for the search.")] = 60.0,
    watch: Annotated[
        list[str] | None,
        typer.Option("--watch", metavar="CLASS", help="Find data races in a class."),
    ] = None,
    lines: Annotated[
        bool, typer.Option("--lines", help="Every line of a function is a step.")
    ] = False,
    replay: Annotated[
        str | None,
        typer.Option(
            "--replay", metavar="SCHEDULE", help="A schedule, or a file with --json's."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Run a threaded program under every schedule up to a bound.

    The program uses threading, queue, time and concurrent.futures as always; nothing
    in it changes. One thread runs at a time, and the clock is virtual: a sleep takes
    no time. The search looks for deadlocks, lost wake-ups, uncaught exceptions, failed
    assertions, data races and livelocks, first with no preemption, then with one, and
    so on, then under random schedules. A failure is told step by step and can be run
    again with --replay. What happens between two operations on locks, queues and
    threads is one step, unless --watch names the class whose attributes matter, or
    --lines makes every line a step, which takes many more schedules.

    Examples: autograder explore bank.py --watch Account;
    autograder explore pool.py --function main --bound 3 --spurious.

    Exit codes: 0 no failure found, 1 a failure, 2 usage.
    """
    from autograder.student.lab import schedule as lab
    from autograder.student.report import CourseError

    options: dict[str, Any] = {"spurious": spurious, "hasty": hasty}
    plan: list[list[int]] | None = None
    if replay is not None:
        plan, recorded = _schedule(replay)
        for name in list(options):
            options[name] = options[name] or bool(recorded.get(name))
        watch = watch or list(recorded.get("watch", ()))
        function = function or recorded.get("function")
        lines = lines or bool(recorded.get("lines"))
    script = _script(file, function, watch or [], seed, lines)
    shown: dict[str, Any] = {**options, "watch": watch or [], "function": function}
    shown["lines"] = lines
    if lines:
        options["cap"] = 50_000
    with _quiet(), _attended() as progress:
        try:
            if plan is not None:
                found = lab.replay(script, tuple((a, b) for a, b in plan), **options)
            else:
                found = lab.explore(
                    script,
                    bound=bound,
                    schedules=schedules,
                    random_schedules=random,
                    seed=seed,
                    seconds=seconds,
                    progress=progress,
                    **options,
                )
        except Ended as ended:
            raise CourseError(str(ended)) from None
    if found.kind == "diverged":
        raise CourseError(f"{file}: the schedule is not one of this program")
    if as_json:
        data = {"file": str(file), **shown, **dataclasses.asdict(found)}
        print(json.dumps(data))
    else:
        _show(file, found, bound, replayed=plan is not None)
    raise typer.Exit(1 if found.failed else 0)


def _script(
    file: Path, function: str | None, watch: list[str], seed: int, lines: bool
) -> Any:
    import ast

    from autograder.student.lab.schedule import Script
    from autograder.student.report import CourseError

    try:
        script = Script(file, function, watch, seed, lines=lines)
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise CourseError(f"{file} cannot be read: {error.strerror}") from None
    except SyntaxError as error:
        line = error.lineno or 1
        raise CourseError(f"{file}, line {line}: {error.msg}") from None
    except (ValueError, RecursionError) as error:
        raise CourseError(f"{file} is no Python source: {error}") from None
    defined = {getattr(node, "name", None) for node in tree.body}
    if function is not None and function not in defined:
        raise CourseError(f"{file} defines no function {function} at its top level")
    classes = {n.name for n in ast.walk(tree) if isinstance(n, ast.ClassDef)}
    for name in watch:
        if name not in classes:
            raise CourseError(f"{file} defines no class {name} to watch")
    return script


def _schedule(text: str) -> tuple[list[list[int]], dict[str, Any]]:
    """Read a schedule, or what --json printed, from a file or the command line."""
    from autograder.student.report import CourseError

    try:
        if not text.lstrip().startswith(("[", "{")):
            text = Path(text).read_text(encoding="utf-8")
        data = json.loads(text)
        recorded = data if isinstance(data, dict) else {"schedule": data}
        plan = [[int(step), int(who)] for step, who in recorded["schedule"]]
    except OSError as error:
        raise CourseError(f"{text} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, KeyError):
        raise CourseError(
            "--replay wants a schedule such as [[12, 1]], or a file that"
            " `autograder explore --json` wrote"
        ) from None
    return plan, recorded


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Drop what thousands of runs print."""

    class Drop(io.TextIOBase):
        def write(self, text: str) -> int:
            return len(text)

    with contextlib.redirect_stdout(Drop()):
        yield


@contextlib.contextmanager
def _attended() -> Iterator[Callable[[int, int], None]]:
    """Show progress on a terminal, and end the search when asked or when it hangs."""
    from rich.console import Console

    console = Console(stderr=True)
    seen = {"schedules": 0, "looks": 0}
    status = console.status("exploring") if console.is_terminal else None

    def progress(schedules: int, steps: int) -> None:
        seen["schedules"], seen["looks"] = schedules, 0
        if status is not None:
            status.update(f"{schedules:,} schedules, {steps:,} steps, no failure")

    def look(number: int, frame: FrameType | None) -> None:
        seen["looks"] += 1
        if seen["looks"] > _LOOKS:
            line = "" if frame is None else f"line {frame.f_lineno} of "
            name = "the program" if frame is None else frame.f_code.co_filename
            raise Ended(
                f"{line}{name} runs on without an operation that the explorer sees:"
                " let it wait on a lock, an event or a condition, or sleep"
            )

    def stop(number: int, frame: FrameType | None) -> None:
        raise Ended(f"stopped after {seen['schedules']:,} schedules without a failure")

    before = signal.signal(signal.SIGINT, stop)
    timed = hasattr(signal, "setitimer")
    if timed:
        signal.signal(signal.SIGALRM, look)
        signal.setitimer(signal.ITIMER_REAL, _LOOK_S, _LOOK_S)
    try:
        with status or contextlib.nullcontext():
            yield progress
    finally:
        if timed:
            signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGINT, before)


def _show(file: Path, found: Result, bound: int, *, replayed: bool) -> None:
    from rich.console import Console
    from rich.markup import escape

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=120)
    if not found.failed:
        if replayed:
            console.print("no failure under this schedule")
            return
        reach = f"all with at most {bound} preemptions" if found.complete else "not all"
        rate = found.schedules / max(found.seconds, 1e-9)
        console.print(
            f"no failure in {found.schedules:,} schedules ({reach};"
            f" {found.seconds:.1f} s, {rate:,.0f} a second)"
        )
        return
    colours: dict[str, str] = {}
    palette = ("cyan", "yellow", "green", "magenta", "blue", "red")
    told = found.story[: len(found.story) - len(_ending(found))]
    for line in told:
        thread = line[6:].split("  ")[0].strip()
        colour = colours.setdefault(thread, palette[len(colours) % len(palette)])
        console.print(f"[{colour}]{escape(line)}[/]", soft_wrap=True)
    console.print(f"[bold red]{escape(found.kind)}[/]", end="")
    console.print(f": {escape(found.message)}", soft_wrap=True)
    times = "preemption" if found.preemptions == 1 else "preemptions"
    console.print(
        f"{found.preemptions} {times}, {found.length} steps; found in"
        f" {found.schedules:,} schedules, {found.seconds:.1f} s"
    )
    if not replayed:
        plan = json.dumps([list(choice) for choice in found.schedule])
        console.print(
            f"again: autograder explore {escape(str(file))} --replay '{escape(plan)}'",
            soft_wrap=True,
        )


def _ending(found: Result) -> list[str]:
    """The last lines of a story, which say what went wrong."""
    return f"{found.kind}: {found.message}".splitlines()
