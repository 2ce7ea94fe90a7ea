"""Options that several of the instructor's commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.classroom.arrivals.naming import Form
from autograder.classroom.folder import MOST_SEED

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Seed = Annotated[
    int | None,
    typer.Option(
        min=-MOST_SEED, max=MOST_SEED, help="Seed of the hidden tests' numbers."
    ),
]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Worker processes; default: one a core.")
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Grade on a Dask cluster instead: HOST:PORT or tls://HOST:PORT.",
    ),
]
Fresh = Annotated[
    bool, typer.Option("--fresh", help="Grade again what is already graded.")
]
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The class folder.")]
OneLesson = Annotated[
    str | None, typer.Option("--lesson", "-l", help="Number or name; default: all.")
]
Site = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Where students read the course, for links."),
]
FromForm = Annotated[
    Form | None,
    typer.Option("--from", help="The form of the sources; default: by their names."),
]
RosterFile = Annotated[
    Path | None,
    typer.Option("--roster", metavar="CSV", exists=True, help="The class list."),
]
