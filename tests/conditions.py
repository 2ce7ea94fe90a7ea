"""Holds the verdicts of one machine equal, however busy it is.

    python tests/conditions.py run                    all conditions, then compares them
    python tests/conditions.py run --demo 20          and the demo twenty times in each
    python tests/conditions.py collect --out x.json   the verdicts as things are now
    python tests/conditions.py compare x.json y.json  what was collected before

The conditions: ``idle``; ``busy``, beside four processes that compute for ever; and
``quota``, in a cgroup that gives a third of one core. Each collects what the attacks,
the odd submissions and the demo get: verdict and points of every task.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE / "attacks"), str(HERE / "submissions")]

# ruff: noqa: E402  what it imports is found only now
import arena
import odd_archives  # noqa: F401  importing them registers their cases
import odd_bytes  # noqa: F401
import odd_cells  # noqa: F401
import odd_copies  # noqa: F401
import odd_kit
import odd_tools  # noqa: F401

from autograder.student.report import Report, TaskResult

Verdicts = dict[str, str]  # by "part/submission/task": its verdict and points

BUSY = 4
_CPU = Path("/sys/fs/cgroup/cpu")
#: A third of a core, and first in the queue for it: how busy others are is not this.
_GROUP = {"cfs_period_us": 100_000, "cfs_quota_us": 33_333, "shares": 65_536}
_TARGETS = {"ranks": "02-ranks", "torch": "04-torch"}  # others attack 00-target
_PORT = 9  # nobody listens there
_DEMO = "from autograder.cli import main; main()"


def attacks() -> Verdicts:
    """Grade the hostile submissions and the honest ones after them."""
    found: Verdicts = {}
    for family in (*arena.FAMILIES, *_TARGETS):
        found |= attacks_of(family)
    found |= _verdicts("attacks/explorer", arena.grade_explorer())
    found |= _verdicts("attacks/tiles", arena.grade_tiles())
    return found


def attacks_of(family: str, only: Collection[str] = ()) -> Verdicts:
    """Grade a family of attacks, or some of its cases."""
    lesson = arena.target(_TARGETS.get(family, "00-target"))
    with tempfile.TemporaryDirectory() as folder:
        marker = Path(folder, "marker")
        outcome = arena.grade_family(family, _PORT, marker, lesson, only)
    found = _verdicts(f"attacks/{family}", outcome.reports)
    return found | _verdicts(f"attacks/{family}/honest", outcome.honest)


def submissions() -> Verdicts:
    """Grade the odd submissions."""
    with tempfile.TemporaryDirectory() as folder:
        return _verdicts("submissions", odd_kit.grade_all(Path(folder)))


def demo() -> Verdicts:
    """Run the demo, in a process of its own as everybody does."""
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-c", _DEMO, "demo", "--json", "--out", folder]
        environment = os.environ | {"PYTHONPATH": str(HERE.parent)}
        done = subprocess.run(
            words,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=HERE.parent,
            env=environment,
        )
        rows = json.loads(done.stdout)["submissions"]
    found: Verdicts = {}
    for row in rows:
        name = f"demo/{row['student']}/{row['lesson']}"
        found[name] = row["mismatch"] or "as it must be"
        report = (
            Report.from_json(json.dumps(row["report"])) if "report" in row else None
        )
        found |= {} if report is None else _tasks(name, report.tasks)
    return found


PARTS: dict[str, Callable[[], Verdicts]] = {
    "attacks": attacks,
    "submissions": submissions,
    "demo": demo,
}


def _verdicts(part: str, reports: dict[str, Report]) -> Verdicts:
    found: Verdicts = {}
    for name, report in reports.items():
        found |= _tasks(f"{part}/{name}", report.tasks)
    return found


def _tasks(name: str, tasks: Iterable[TaskResult]) -> Verdicts:
    return {
        f"{name}/{task.task}": f"{task.verdict}, {task.points:g} points"
        for task in tasks
    }


def differences(sets: dict[str, Verdicts]) -> list[str]:
    """Return a line for everything that is not the same in all runs that have it."""
    lines = []
    for key in sorted(set().union(*sets.values())):
        got = {name: found[key] for name, found in sets.items() if key in found}
        if len(set(got.values())) > 1:
            lines.append(f"{key}: " + "; ".join(f"{n} {v}" for n, v in got.items()))
    return lines


@contextlib.contextmanager
def idle() -> Iterator[list[str]]:
    """Change nothing."""
    yield []


@contextlib.contextmanager
def busy() -> Iterator[list[str]]:
    """Let four processes compute for ever."""
    loops: list[subprocess.Popen[bytes]] = []
    try:
        for _ in range(BUSY):
            loops.append(subprocess.Popen([sys.executable, "-c", "while 1: pass"]))
        yield []
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


@contextlib.contextmanager
def quota() -> Iterator[list[str]]:
    """Make a group that has a third of a core; yield the words that start in it.

    Raises:
        OSError: this machine lets us make none, or has version 2 alone, where a jail
            cannot be in its own group and in this one.
    """
    group = _CPU / f"conditions-{os.getpid()}"
    group.mkdir()
    try:
        for name, value in _GROUP.items():
            (group / f"cpu.{name}").write_text(str(value))
        script = f'echo $$ > {group}/cgroup.procs && exec "$@"'
        yield ["sh", "-c", script, "sh"]
    finally:
        for _ in range(100):
            with contextlib.suppress(OSError):
                group.rmdir()
                break
            time.sleep(0.1)  # its last process has not gone yet


CONDITIONS = {"idle": idle, "busy": busy, "quota": quota}


def run(names: Iterable[str], parts: list[str], demos: int, folder: Path) -> int:
    """Collect the verdicts in each condition and compare them.

    Args:
        names: the conditions.
        parts: what to collect.
        demos: how often to run the demo in each; the other parts run once.
        folder: where to leave the verdicts.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found: list[Path] = []
    for name in names:
        try:
            with CONDITIONS[name]() as words:
                for number in range(1, demos + 1):
                    out = folder / f"{name}-{number}.json"
                    _collect(name, words, parts if number == 1 else ["demo"], out)
                    found.append(out)
        except OSError as error:
            print(f"{name}: not run: {error}", flush=True)
    return compare(found)


def compare(files: Iterable[Path]) -> int:
    """Compare collected verdicts; return 1 if some differ, or are no demo's."""
    sets: dict[str, Verdicts] = {p.stem: json.loads(p.read_text()) for p in files}
    lines = differences(sets)
    for name, found in sets.items():
        wrong = [f"{name}, {k}: {v}" for k, v in found.items() if "expected" in v]
        lines += wrong
    print(*lines, sep="\n")
    most = max(map(len, sets.values()), default=0)
    print(f"{most} verdicts, {len(sets)} runs, {len(lines)} differences")
    return 1 if lines or not sets else 0


def _collect(name: str, words: list[str], parts: list[str], out: Path) -> None:
    start = time.monotonic()
    command = [sys.executable, __file__, "collect", "--out", str(out), *parts]
    subprocess.run([*words, *command], check=True)
    seconds = time.monotonic() - start
    print(f"{name}: {', '.join(parts)} in {seconds:.0f} s", flush=True)


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("collect", help="the verdicts as things are now")
    one.add_argument("--out", type=Path, required=True)
    every = commands.add_parser("run", help="in every condition, and compare")
    every.add_argument("--conditions", default=",".join(CONDITIONS))
    every.add_argument("--demo", type=int, default=1, help="times in each condition")
    every.add_argument("--out", type=Path, default=HERE.parent / "build/conditions")
    for each in (one, every):
        # Without any, argparse checks the default too, whole.
        each.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    files = commands.add_parser("compare", help="what was collected before")
    files.add_argument("files", nargs="+", type=Path)
    given = parser.parse_args()
    # Leave neither busy processes nor a group behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if given.command == "compare":
        return compare(given.files)
    parts = given.parts or list(PARTS)
    if given.command == "run":
        return run(given.conditions.split(","), parts, given.demo, given.out)
    found: Verdicts = {}
    for part in parts:
        found |= PARTS[part]()
    given.out.write_text(json.dumps(found, indent=1, sort_keys=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
