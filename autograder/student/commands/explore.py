"""The command `explore`: a threaded program under every schedule up to a bound."""

from __future__ import annotations

import dataclasses
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from autograder.student.commands.explored import Options
    from autograder.student.lab.schedule import Result, Script, Sharing

_CAPS = {False: 5_000, True: 50_000}  # steps of a run; with lines as steps


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
        bool | None,
        typer.Option(
            "--lines/--no-lines",
            help="Every line of a function is a step, or none is; default: where"
            " threads share something that nothing orders.",
        ),
    ] = None,
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
    again with --replay.

    What happens between two operations on locks, queues and threads is one step. Where
    threads share variables with nothing that orders them, a second search makes every
    line a step; --watch makes steps of a class's attributes alone. No failure is no
    proof: the last lines say what was not looked at.

    Examples: autograder explore bank.py --watch Account;
    autograder explore pool.py --function main --bound 3 --spurious.

    Exit codes: 0 no failure found, 1 a failure, 2 usage.
    """
    from autograder.student.commands import explored
    from autograder.student.commands.attended import Ended, attended
    from autograder.student.lab import schedule as lab
    from autograder.student.report import CourseError

    watched = tuple(watch or ())
    plan: list[list[int]] | None = None
    if replay is not None:
        plan, recorded = _schedule(replay)
        spurious = spurious or bool(recorded.get("spurious"))
        hasty = hasty or bool(recorded.get("hasty"))
        watched = watched or tuple(recorded.get("watch", ()))
        function = function or recorded.get("function")
        lines = lines or bool(recorded.get("lines"))
        seed = seed or int(recorded.get("seed", 0))
    options = explored.Options(function, watched, bool(lines), spurious, hasty, seed)
    script = _script(file, options)
    shared: list[str] = []
    threads = 0  # not counted
    searches: list[explored.Search] = []
    until = time.monotonic() + seconds
    try:
        with attended(seconds) as progress, lab.told_output():
            if plan is not None:
                found = _replay(script, plan, options)
            else:
                if lines is None:
                    sharing = lab.Sharing()
                    noting = _script(file, options, sharing)
                    shared, threads = (
                        sharing.look(noting, seconds / 10),
                        sharing.threads,
                    )
                ways = [options]
                if shared:
                    ways.append(dataclasses.replace(options, lines=True))
                for number, way in enumerate(ways, 1):
                    left = (until - time.monotonic()) / (len(ways) - number + 1)
                    found = lab.explore(
                        _script(file, way),
                        bound=bound,
                        schedules=schedules,
                        random_schedules=random,
                        seed=seed,
                        spurious=spurious,
                        hasty=hasty,
                        seconds=max(left, 0.0),
                        cap=_CAPS[way.lines],
                        progress=progress,
                        explaining=True,
                    )
                    searches.append(explored.Search(found, way, bound))
                    if found.failed:
                        break
    except (Ended, lab.Unexplored) as ended:
        raise CourseError(f"{file}: {ended}") from None
    if found.kind == "diverged":
        raise CourseError(f"{file}: the schedule is not one of this program")
    if as_json:
        used = dataclasses.asdict(searches[-1].options if searches else options)
        result = dataclasses.asdict(found)
        print(json.dumps({"file": str(file), **used, "shared": shared, **result}))
    elif searches:
        explored.show(file, searches, shared, alone=threads == 1)
    elif found.failed:
        explored.show_failure(found)
    else:
        print("no failure under this schedule")
    raise typer.Exit(1 if found.failed else 0)


def _replay(script: Script, plan: list[list[int]], options: Options) -> Result:
    from autograder.student.lab import schedule as lab

    return lab.replay(
        script,
        tuple((step, who) for step, who in plan),
        spurious=options.spurious,
        hasty=options.hasty,
        cap=_CAPS[options.lines],
        explaining=True,
    )


def _script(file: Path, options: Options, sharing: Sharing | None = None) -> Script:
    import ast

    from autograder.student.lab.schedule import Script
    from autograder.student.report import CourseError

    function, watch = options.function, options.watch
    try:
        script = Script(
            file, function, watch, options.seed, lines=options.lines, sharing=sharing
        )
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
