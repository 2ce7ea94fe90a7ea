"""Fuzz one reader: ``python tests/fuzz/run.py notebook --seconds 60``.

With atheris (``pip install -e ".[fuzz]"``, Linux) coverage guides the inputs; without
it Hypothesis draws them. A finding is written to tests/fuzz/corpus/TARGET, named after
its digest, and ends the run; once it is fixed the file stays, and pytest replays it.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import time
import traceback
from importlib.util import find_spec
from pathlib import Path

from inputs import inputs
from limits import Guard, limit_memory
from targets import CORPUS, NAMES, Target, targets


def main() -> int:
    """Fuzz a target for some time; return 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=[*NAMES, "all"])
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--plain", action="store_true", help="never use atheris")
    wanted = parser.parse_args()
    if wanted.target == "all":
        return _all_of(wanted.seconds, plain=wanted.plain)
    limit_memory()
    if wanted.plain or find_spec("atheris") is None:
        return _by_hypothesis(targets()[wanted.target], wanted.seconds)
    return _by_coverage(wanted.target, wanted.seconds)


def _all_of(seconds: int, *, plain: bool) -> int:
    """Run each target in a process of its own, one after another."""
    more = ["--plain"] if plain else []
    command = [sys.executable, __file__]
    codes = [
        subprocess.run([*command, name, "--seconds", str(seconds), *more]).returncode
        for name in NAMES
    ]
    return int(any(codes))


def _by_coverage(name: str, seconds: int) -> int:
    import atheris  # type: ignore[import-untyped]

    with atheris.instrument_imports(include=["autograder", "dateutil"]):
        target = targets()[name]
        target.run(b"")  # imports what it needs, and remembers no seed
    guard = Guard(target)

    def once(data: bytes) -> None:
        _tell(target, guard, data)

    seeds = Path(tempfile.mkdtemp(prefix="fuzz-seeds-"))
    for data in target.beginnings():
        (seeds / _name(data)).write_bytes(data)
    # libFuzzer's own limit on memory would end the run without a word on the input.
    where = f"-artifact_prefix={seeds}/"  # or it writes into the working directory
    options = [where, f"-max_total_time={seconds}", "-rss_limit_mb=0", "-max_len=8192"]
    atheris.Setup([sys.argv[0], *options, str(seeds)], once)
    atheris.Fuzz()  # ends the process itself
    return 0


def _by_hypothesis(target: Target, seconds: int) -> int:
    from hypothesis import HealthCheck, given, seed, settings

    guard = Guard(target)
    end = time.monotonic() + seconds
    number = 0
    while time.monotonic() < end:
        number += 1

        @seed(number)
        @settings(
            max_examples=200,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(inputs(target))
        def some(data: bytes) -> None:
            _tell(target, guard, data)

        try:
            some()
        except Exception:
            traceback.print_exc()
            return 1
    print(f"{target.name}: {guard.runs} inputs, nothing found")
    return 0


def _tell(target: Target, guard: Guard, data: bytes) -> None:
    """Run once; keep the input of a finding."""
    try:
        guard(data)
    except Exception:
        place = CORPUS / target.name / _name(data)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        print(f"{target.name}: a finding of {len(data)} bytes is in {place}")
        raise


def _name(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


if __name__ == "__main__":
    sys.exit(main())
