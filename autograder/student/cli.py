"""The ``autograder`` command: tables of commands, each imported when it is used.

A students' copy has the commands of `COMMANDS`; `autograder.cli` adds its own.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import typer

from autograder.student.report import CourseError, CourseFaults, InfrastructureError


@dataclass(frozen=True)
class Command:
    """One command, and where its function is."""

    name: str  # "check", or "class grade" in a group
    module: str
    function: str
    panel: str = "For students"

    @property
    def top(self) -> str:
        """The first word, which the command line begins with."""
        return self.name.split()[0]


_MODULE = "autograder.student.commands.student"
#: Commands in the order that help lists them.
COMMANDS = (
    Command("doctor", _MODULE, "doctor"),
    Command("list", _MODULE, "list_lessons"),
    Command("check", _MODULE, "check"),
    Command("watch", _MODULE, "watch"),
    Command("progress", "autograder.student.commands.progress", "progress"),
    Command("submit", _MODULE, "submit"),
    Command("explore", "autograder.student.commands.explore", "explore"),
    Command("notebooks", _MODULE, "notebooks"),
)
_HELP = (
    "Solve, check and submit the lessons of Gradients to Kernels; grade a class.\n\n"
    "Students start with: autograder list, autograder check 00-start.\n\n"
    "Exit codes: 0 all passed, 1 some task failed, 2 usage or course error,"
    " 3 infrastructure."
)


def build_app(
    commands: Sequence[Command] = COMMANDS, only: str | None = None
) -> typer.Typer:
    """Return the application.

    Args:
        commands: what it can do.
        only: the one top-level command that will run; the others are not imported,
            which keeps a student's check fast. None for all, as help needs.
    """
    app = typer.Typer(
        help=_HELP,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    groups: dict[str, typer.Typer] = {}
    for command in commands:
        if only not in (None, command.top):
            continue
        target, words = app, command.name.split()
        panel: str | None = command.panel
        if len(words) > 1:
            if command.top not in groups:
                groups[command.top] = typer.Typer(no_args_is_help=True)
                help_ = "A whole class in an nbgrader course folder."
                app.add_typer(
                    groups[command.top],
                    name=command.top,
                    help=help_,
                    rich_help_panel=panel,
                )
            target, panel = groups[command.top], None
        function = getattr(importlib.import_module(command.module), command.function)
        target.command(words[-1], rich_help_panel=panel, help=_unwrapped(function))(
            function
        )
    if only is not None:
        app.callback()(_no_options)  # keeps the command's name on the command line
    return app


def _unwrapped(function: Callable[..., object]) -> str:
    """Return a command's help, a line a paragraph: the terminal decides the width."""
    paragraphs = (inspect.getdoc(function) or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _no_options() -> None:
    """Solve, check and submit the lessons; grade a class."""


def main(
    arguments: Sequence[str] | None = None, commands: Sequence[Command] = COMMANDS
) -> None:
    """Run the command line and leave with its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    known = {command.top for command in commands}
    only = words[0] if words and words[0] in known else None
    try:
        build_app(commands, only)(words, prog_name="autograder")
    except CourseError as error:
        for fault in error.faults if isinstance(error, CourseFaults) else ():
            sys.stderr.write(f"{' '.join(fault.split())}\n")
        _fail(str(error), 2)
    except InfrastructureError as error:
        _fail(f"{error} (not the submissions' fault)", 3)
    except KeyboardInterrupt:
        _fail("stopped", 130)
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(141) from None


def _fail(message: str, code: int) -> None:
    sys.stderr.write(f"autograder: {' '.join(message.split())}\n")
    raise SystemExit(code)


if __name__ == "__main__":
    main()
