"""The ``autograder`` command: one table of commands, each imported when it is used."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence

import typer

from autograder.report import CourseError, InfrastructureError

#: Commands in the order that help lists them: group, name, module, function.
_COMMANDS = (
    ("", "doctor", "student", "doctor"),
    ("", "list", "student", "list_lessons"),
    ("", "check", "student", "check"),
    ("", "watch", "student", "watch"),
    ("", "submit", "student", "submit"),
    ("", "explore", "explore", "explore"),
    ("", "notebooks", "student", "notebooks"),
    ("", "release", "student", "release"),
    ("", "grade", "instructor", "grade"),
    ("class", "init", "instructor", "class_init"),
    ("class", "grade", "instructor", "class_grade"),
    ("class", "report", "instructor", "class_report"),
    ("class", "similar", "instructor", "class_similar"),
    ("", "export", "instructor", "export"),
    ("", "audit", "course", "audit"),
    ("", "traces", "course", "traces"),
    ("", "bench", "course", "bench"),
    ("", "demo", "course", "demo"),
)
_HELP = (
    "Solve, check and submit the lessons of Gradients to Kernels; grade a class.\n\n"
    "Students start with: autograder list, autograder check 00-start.\n\n"
    "Exit codes: 0 all passed, 1 some task failed, 2 usage or course error,"
    " 3 infrastructure."
)
_PANELS = {
    "student": "For students",
    "explore": "For students",
    "instructor": "For instructors",
}


def build_app(only: str | None = None) -> typer.Typer:
    """Return the application.

    Args:
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
    for group, name, module_name, function in _COMMANDS:
        if only not in (None, group or name):
            continue
        path = f"autograder.commands.{module_name}"
        if importlib.util.find_spec(path) is None:
            continue  # a students' copy has the students' commands alone
        module = importlib.import_module(path)
        panel = _PANELS.get(module_name, "For authors of the course")
        target = app
        if group:
            if group not in groups:
                groups[group] = typer.Typer(no_args_is_help=True)
                help_ = "A whole class in an nbgrader course folder."
                app.add_typer(
                    groups[group], name=group, help=help_, rich_help_panel=panel
                )
            target = groups[group]
        register = target.command(name, rich_help_panel=None if group else panel)
        register(getattr(module, function))
    if only is not None:
        app.callback()(_no_options)  # keeps the command's name on the command line
    return app


def _no_options() -> None:
    """Solve, check and submit the lessons; grade a class."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    known = {group or name for group, name, _, _ in _COMMANDS}
    only = words[0] if words and words[0] in known else None
    try:
        build_app(only)(words, prog_name="autograder")
    except CourseError as error:
        _fail(str(error), 2)
    except InfrastructureError as error:
        _fail(f"{error} (not the submissions' fault; nothing was graded)", 3)
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
