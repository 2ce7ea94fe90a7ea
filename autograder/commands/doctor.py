"""The instructor's ``doctor``: what grading and publishing need besides."""

from __future__ import annotations

import os
from collections.abc import Iterator

from autograder.student.commands.probes import (
    Probe,
    install,
    package,
    program,
    student_probes,
)
from autograder.student.commands.student import AsJson, print_probes


def doctor(as_json: AsJson = False) -> None:
    """Tell what this machine can do, and how to add what is missing."""
    print_probes([*student_probes(), *_probes()], as_json=as_json)


def _probes() -> Iterator[Probe]:
    yield package("nbgrader", "grading a class", install("grading"))
    yield _isolation()
    yield program("bubblewrap", ["bwrap"], "grading in a sandbox, Linux only")
    yield from _layers()
    yield _cgroups()
    yield program("node", ["node"], "building the website")
    browsers = ["chromium", "chromium-browser", "google-chrome"]
    yield program("browser", browsers, "testing the website")


def _isolation() -> Probe:
    try:
        from autograder.sandbox.levels import available_levels
    except ImportError:  # a system that is not Linux
        return Probe("isolation", False, "grading needs Linux; checking does not")
    levels = [str(level) for level in available_levels()]
    best = levels[0] if levels else "none"
    return Probe("isolation", best != "none", f"best level: {best}")


def _layers() -> Iterator[Probe]:
    """Start a jail and ask what holds in a container of it."""
    try:
        from autograder.sandbox.jail import Jail
        from autograder.student.report import InfrastructureError

        with Jail() as jail:
            made = jail.container()
            nested, filtered = made.is_nested, made.is_filtered
            made.close()
    except (ImportError, InfrastructureError) as error:
        yield Probe("containers", False, f"no jail starts here: {error}")
        return
    yield Probe(
        "containers",
        nested,
        "each submission gets namespaces of its own"
        if nested
        else "namespaces cannot be nested: the jail starts anew for each submission,"
        " half a second each",
    )
    yield Probe(
        "system calls",
        filtered,
        "what no solution needs is refused by the kernel"
        if filtered
        else "not filtered: ranks of lesson 6 could reach each other, and a hole in the"
        " kernel is open to a submission",
    )


def _cgroups() -> Probe:
    try:
        from autograder.sandbox.cgroup import Cgroup
    except ImportError:
        return Probe("cgroups", False, "used for grading alone")
    group = Cgroup.make(f"autograder-{os.getpid()}-probe", 64, 8)
    if group is None:
        return Probe(
            "cgroups",
            False,
            "not ours to make: rlimits bound each process, not all together",
        )
    group.remove()
    return Probe("cgroups", True, "all processes of a jail are capped together")
