"""Lesson 05's golden traces are what a JDK does now, too."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

JAVA = Path(__file__).parents[2] / "solutions" / "05-thread-pool" / "java"


def comparable(step: dict[str, Any], named: bool) -> dict[str, Any]:
    """Leave out which of several idle workers runs a task: no rule says so."""
    events = [event.partition("@worker")[0] for event in step["started"]]
    return step if named else {**step, "started": events}


@pytest.mark.jdk
def test_a_jdk_does_what_the_golden_traces_say(tmp_path: Path) -> None:
    """Compile the generator, play all scripts, and compare step by step."""
    source, scripts = JAVA / "PoolTrace.java", JAVA / "scripts.txt"
    build = ["javac", "-d", str(tmp_path), str(source)]
    subprocess.run(build, check=True, capture_output=True)
    play = ["java", "-cp", str(tmp_path), "PoolTrace", str(scripts)]
    done = subprocess.run(play, check=True, capture_output=True, text=True)
    fresh = json.loads(done.stdout)
    golden = json.loads((JAVA / "golden.json").read_text(encoding="utf-8"))

    assert fresh["refused"] == golden["refused"]
    assert fresh["scripts"].keys() == golden["scripts"].keys()
    for name, script in golden["scripts"].items():
        named = name.startswith("fail")
        steps = fresh["scripts"][name].pop("steps")
        for got, want in zip(steps, script.pop("steps"), strict=True):
            place = f"{name}, after {want['op']!r}"
            assert comparable(got, named) == comparable(want, named), place
        assert fresh["scripts"][name] == script
