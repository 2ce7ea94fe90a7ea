"""``autograder bench kernels``: the lessons' kernels, measured on this machine."""

from __future__ import annotations

import datetime
import importlib
import importlib.metadata
import json
import os
import platform
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder.kernels.calls import calls_of, imported, kernel_lessons, record_call
from autograder.kernels.gpu import GpuClock, Timing, against_library
from autograder.kernels.interpreted import Speed, measure
from autograder.student.lab.tiles.engine import has_gpu
from autograder.student.lesson import Course, find_course

TARGET = 10.0
ON_CPU, ON_GPU = "On a CPU", "On a GPU"


@dataclass(frozen=True)
class Section:
    """A table and the sentences around it."""

    title: str
    before: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    after: str

    def markdown(self) -> str:
        """Write it as a section of a page."""
        lines = [self.header, tuple("---" for _ in self.header), *self.rows]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        parts = (f"## {self.title}", self.before, table, self.after)
        return "\n\n".join(part for part in parts if part) + "\n"


def run_kernels(*, as_json: bool, page: Path | None) -> None:
    """Measure, print, and renew this machine's section of a page."""
    os.environ["TILES"] = "simulator"  # calls are recorded; Triton runs what they did
    course = find_course()
    machine = machine_facts()
    if has_gpu():
        timings = list(timings_of(course, GpuClock()))
        section, data = gpu_section(machine, timings), {"gpu": _plain(timings)}
    else:
        speeds = list(speeds_of(course))
        section, data = cpu_section(machine, speeds), {"cpu": _plain(speeds)}
    if as_json:
        print(
            json.dumps({"machine": machine, "target_ratio": TARGET, **data}, indent=2)
        )
    else:
        _show(section)
    if page is not None:
        page.write_text(renewed(page.read_text("utf-8"), section), "utf-8")


def speeds_of(course: Course) -> Iterator[Speed]:
    """Measure every call that a lesson lists, on a CPU."""
    for lesson, listed in kernel_lessons(course):
        reference = imported(lesson.reference_path)
        for call in calls_of(lesson, listed.CALLS):
            _say(f"{call.name}: simulator and interpreter in turns")
            yield measure(call, record_call(call, reference))


def timings_of(course: Course, clock: Any, iterations: int = 25) -> Iterator[Timing]:
    """Time every call that a lesson lists beside a library, on a GPU."""
    for lesson, listed in kernel_lessons(course):
        reference = imported(lesson.reference_path)
        for call in calls_of(lesson, getattr(listed, "TIMED", ())):
            _say(f"{call.name}: kernel and library in turns")
            yield against_library(call, reference, clock, iterations)


def machine_facts() -> str:
    """Name the card or the processor, the versions and the day."""
    names = ["numpy", "torch", "triton", "torchvision"]
    versions = [f"{n} {v}" for n in names if (v := _version(n)) is not None]
    if has_gpu():
        device = importlib.import_module("torch").cuda.get_device_name()
    else:
        device = _processor()
    day = datetime.date.today().isoformat()
    return ", ".join((device, f"Python {platform.python_version()}", *versions, day))


def cpu_section(machine: str, speeds: Sequence[Speed]) -> Section:
    """Tabulate what kernels move and how fast they run without a GPU."""
    header = (
        *("call", "inputs", "programs", "loads B", "stores B"),
        *("simulator ms", "interpreter ms", "ratio"),
    )
    rows: list[tuple[str, ...]] = [
        (
            *(one.name, one.shapes, f"{one.programs:,}"),
            *(f"{one.loaded_bytes:,}", f"{one.stored_bytes:,}"),
            *(spread(one.simulator_ms), spread(one.interpreter_ms)),
            "" if one.ratio is None else f"{one.ratio:.1f}",
        )
        for one in speeds
    ]
    ratios = [one.ratio for one in speeds if one.ratio is not None]
    if not ratios:
        after = "Triton is not installed: nothing to compare with."
    else:
        word = "reached" if min(ratios) >= TARGET else "missed"
        after = (
            f"The simulator is at least {min(ratios):.1f} times faster; the target of"
            f" {TARGET:g} is {word}."
        )
    before = (
        f"{machine}. Median CPU milliseconds (quartiles) of a call, simulator and"
        " Triton's interpreter in turns in one process; results and bytes agree."
    )
    return Section(ON_CPU, before, header, rows, after)


def gpu_section(machine: str, timings: Sequence[Timing]) -> Section:
    """Tabulate kernels beside library operators."""
    header = ("call", "inputs", "kernel ms", "library ms", "ratio", "off, tolerances")
    rows: list[tuple[str, ...]] = [
        (
            *(one.name, one.shapes),
            *(spread(one.ours_ms), spread(one.library_ms)),
            one.problem if one.ratio is None else f"{one.ratio:.2f}",
            f"{one.off:.2g}",
        )
        for one in timings
    ]
    before = (
        f"{machine}. Median milliseconds (quartiles) of the GPU; fresh inputs and a"
        " cold L2 cache in each iteration, kernel and library in turns; every output"
        " was compared with the library's."
    )
    return Section(ON_GPU, before, header, rows, "")


def spread(times_ms: Sequence[float]) -> str:
    """Write the median, and the quartiles in brackets."""
    if not times_ms:
        return ""
    low, middle, high = np.percentile(times_ms, [25, 50, 75])
    digits = 1 if middle >= 10 else 2 if middle >= 1 else 3
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def renewed(page: str, section: Section) -> str:
    """Put a section in the place of the one with its title, or at the end."""
    found = re.search(rf"^## {section.title}$.*?(?=^## |\Z)", page, re.M | re.S)
    if found is None:
        return f"{page.rstrip()}\n\n{section.markdown()}"
    rest = page[found.end() :]
    return page[: found.start()] + section.markdown() + ("\n" if rest else "") + rest


def _show(section: Section) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    console = console if console.is_terminal else Console(width=150)
    console.print(section.before, highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, title in enumerate(section.header):
        table.add_column(title, justify="right" if number > 1 else "left")
    for row in section.rows:
        table.add_row(*row)
    console.print(table)
    if section.after:
        console.print(section.after)


def _plain(rows: Sequence[Speed | Timing]) -> list[dict[str, Any]]:
    return [row.as_dict() for row in rows]


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    """Return the processor's name, where the system tells it."""
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return platform.machine()
    found = re.search(r"^model name\s*: (.+)$", text, re.M)
    return found[1] if found else platform.machine()


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
