"""Tries every kernel of the course on this machine's GPU, then times them.

    python tests/gpu.py                  all; renews the tables of docs/kernels.md
    python tests/gpu.py --rehearse       the same on Triton's interpreter, not timed
    python tests/gpu.py --only "09 "     what has this in its name

Reference kernels, alternatives and conformance kernels are compiled by Triton, run, and
compared with the simulator on the same inputs. Then reference kernels are timed beside
library operators, as `autograder bench kernels` does. It needs numpy, PyTorch, Triton
and the course's own requirements, and takes 8 minutes at most: what does not begin in
time is left out, and the tables say so.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ["TILES"] = "simulator"  # calls are recorded; Triton runs what they did

# ruff: noqa: E402  what it imports is found only now
from autograder.kernels.agreement import on_this_machine
from autograder.kernels.bench import (
    Section,
    gpu_section,
    machine_facts,
    renewed,
    timings_of,
)
from autograder.kernels.gpu import GpuClock
from autograder.student.lab.tiles.engine import has_gpu
from autograder.student.lesson import Course
from tests.conformance.subjects import SUBJECTS, Subject

PAGE = ROOT / "docs/kernels.md"
COMPARED_S, TIMED_S = 5 * 60, 7 * 60  # from the start: no kernel begins after these
TITLE = "Every kernel on a GPU"


@dataclass(frozen=True)
class Outcome:
    """One subject with one seed."""

    subject: Subject
    seed: int
    off: float  # tolerances
    problem: str = ""

    @property
    def good(self) -> bool:
        """Whether it ran and agrees."""
        return not self.problem and self.off <= 1

    def __str__(self) -> str:
        said = self.problem or f"{self.off:.2g} tolerances off"
        state = "ok" if self.good else "WRONG"
        return f"{state}: {self.subject.name}, draw {self.seed}: {said}"


def tried(subject: Subject, seed: int, where: str) -> Outcome:
    """Run a subject on the simulator and on Triton."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            recorded = subject.record(seed)
            off = on_this_machine(recorded, subject.tolerance, Path(folder), where)
        except Exception as error:
            text = " ".join(f"{type(error).__name__}: {error}".split())
            return Outcome(subject, seed, 0.0, text[:200])
    return Outcome(subject, seed, off)


def compare(subjects: Sequence[Subject], where: str, until: float) -> list[Outcome]:
    """Try all subjects, the first draw of each before any second."""
    found = []
    draws = [(seed, one) for one in subjects for seed in one.seeds]
    for seed, subject in sorted(draws, key=lambda draw: draw[0]):
        if time.monotonic() > until:
            break
        found.append(tried(subject, seed, where))
        print(found[-1], flush=True)
    return found


def section(machine: str, subjects: Sequence[Subject], found: list[Outcome]) -> Section:
    """Tabulate how many of each group agree, and how far off the farthest is."""
    groups: dict[str, list[Outcome]] = {}
    for one in found:
        groups.setdefault(one.subject.group, []).append(one)
    rows: list[tuple[str, ...]] = []
    for name, those in groups.items():
        farthest = max(those, key=lambda one: one.off)
        count = f"{sum(one.good for one in those)} of {len(those)}"
        rows.append((name, count, f"{farthest.off:.2g}", farthest.subject.name))
    wrong = [str(one) for one in found if not one.good]
    draws = sum(len(one.seeds) for one in subjects)
    left = f"{draws - len(found)} draws were left out for lack of time."
    after = "\n".join([*wrong, *([left] if len(found) < draws else [])])
    before = (
        f"{machine}. Compiled by Triton, run, and compared with the simulator on the"
        " same inputs; shapes of the conformance kernels are drawn at random."
    )
    header = ("kernels", "agree", "farthest, tolerances", "which")
    return Section(TITLE, before, header, rows, after)


def main() -> int:
    """Read the command line, and go through everything."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rehearse", action="store_true", help="on the interpreter")
    parser.add_argument("--only", default="", help="what has this in its name")
    parser.add_argument("--page", type=Path, default=PAGE, help="whose tables to renew")
    given = parser.parse_args()
    start = time.monotonic()
    if given.rehearse:
        os.environ["TRITON_INTERPRET"] = "1"
    elif not has_gpu():
        print("no GPU here that PyTorch and Triton see; --rehearse does without")
        return 3
    where = "cpu" if given.rehearse else "cuda"
    subjects = [one for one in SUBJECTS if given.only in one.name]
    machine = machine_facts()
    print(machine, flush=True)
    found = compare(subjects, where, start + COMPARED_S)
    sections = [section(machine, subjects, found)]
    if not given.rehearse and not given.only:
        timings = []
        for one in timings_of(Course(ROOT), GpuClock()):
            timings.append(one)
            if time.monotonic() > start + TIMED_S:
                break
        sections.append(gpu_section(machine, timings))
    for one in sections:
        print(f"\n{one.markdown()}")
        if not given.rehearse and not given.only:
            text = given.page.read_text("utf-8")
            given.page.write_text(renewed(text, one), "utf-8")
    return 0 if all(one.good for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
