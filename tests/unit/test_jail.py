"""From limits to commands, without running any."""

from __future__ import annotations

import itertools

import pytest

from autograder.sandbox import jail_command as jail
from autograder.sandbox import levels
from autograder.sandbox.jail_command import Limits
from autograder.student.report import InfrastructureError

INNER = ["python", "guest.py"]


def command(root):
    return jail.bubblewrap_command(INNER, Limits(), root=root, slot=5, program="bwrap")


def test_every_namespace_is_new():
    words = command(root=False)
    for space in ("user", "pid", "net", "ipc", "uts"):
        assert f"--unshare-{space}" in words
    assert "--die-with-parent" in words
    assert words[-2:] == INNER


def test_nothing_is_writable_but_capped_scratch():
    words = command(root=False)
    assert "--bind" not in words
    assert "--dev-bind" not in words
    sealed = [b for a, b in itertools.pairwise(words) if a == "--remount-ro"]
    assert sealed == ["/dev", "/"]
    at = words.index("--tmpfs")
    assert words[at - 2 : at + 2] == ["--size", str(64 * 2**20), "--tmpfs", "/tmp"]


def test_shows_the_guest_and_neither_the_course_nor_the_solutions():
    shown = [w for w in command(root=False) if str(jail.PACKAGE) in w]
    names = {path.removeprefix(f"{jail.PACKAGE}/") for path in shown}
    assert names <= {"__init__.py", "__pycache__", "student", "sandbox", "lab"}
    assert not any(
        word.rstrip("/") in (str(jail.PACKAGE), str(jail.PACKAGE.parent), "/")
        for word in shown
    )


def test_root_gives_its_rights_away_before_the_inner_jail():
    words = command(root=True)
    become = words.index("/usr/bin/setpriv", words.index("--"))
    assert words[become : become + 4] == [
        "/usr/bin/setpriv",
        "--reuid=61005",
        "--regid=61005",
        "--clear-groups",
    ]
    assert words[become + 4 :][: len(command(root=False))][0] == "bwrap"
    assert words.count("--unshare-user") == 1


def test_limits_reach_the_guest_and_its_arguments_tell_nothing():
    limits = Limits(processes=7, file_mb=1, open_files=9)
    config = jail.guest_config(
        level="bubblewrap", warm=("numpy",), limits=limits, scratch="/tmp"
    )
    sizes = {"CORE": 0, "FSIZE": 2**20, "NOFILE": 9, "NPROC": 7, "MSGQUEUE": 0}
    assert config["rlimits"] == sizes
    assert config["warm"] == ["numpy"]
    assert config["nested"] is True
    words = jail.guest_command(3, level="bubblewrap")
    assert {"-I", "-S", "-B"} <= set(words)
    assert words[-2:] == ["/guest/autograder/sandbox/guest.py", "3"]


def test_an_environment_below_tmp_is_shown_where_scratch_does_not_hide_it():
    assert jail.place_of("/tmp/copy/.venv/lib") == "/host/tmp/copy/.venv/lib"
    assert jail.place_of("/usr/lib") == "/usr/lib"


def test_the_environment_of_the_guest_is_its_own(monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "x")
    assert "SECRET_TOKEN" not in jail.environment()
    assert jail.environment()["OMP_NUM_THREADS"] == "1"


def test_a_level_is_never_lowered_in_silence(monkeypatch):
    monkeypatch.delenv(levels.ISOLATION_ENV, raising=False)
    monkeypatch.setattr(levels, "available_levels", lambda: ())
    with pytest.raises(InfrastructureError, match="apt install bubblewrap"):
        levels.choose_level()
    with pytest.raises(InfrastructureError, match="not available here"):
        levels.choose_level("bubblewrap")
    assert levels.choose_level("none") == "none"
    monkeypatch.setattr(levels, "available_levels", lambda: ("landlock",))
    assert levels.choose_level() == "landlock"
