"""The connection to a Dask scheduler: addresses, and what a refusal says."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import pytest
from classroom_kit import make_lesson
from dask import config

from autograder.classroom import scheduler
from autograder.classroom.parallel import grade_many
from autograder.classroom.scheduler import full_address, is_exposed
from autograder.scale.cluster import local_cluster
from autograder.student.notebook.submission import Submission
from autograder.student.report import CourseError, InfrastructureError

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("cluster:8786", "tcp://cluster:8786"),
        ("127.0.0.1:8786", "tcp://127.0.0.1:8786"),
        ("[::1]:8786", "tcp://[::1]:8786"),
        ("tcp://cluster:8786", "tcp://cluster:8786"),
        ("tls://cluster.example.org:8786", "tls://cluster.example.org:8786"),
    ],
)
def test_an_address_gets_a_scheme(text: str, address: str) -> None:
    assert full_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        *("", "cluster", "tls://cluster", "cluster:", ":8786", "cluster:port"),
        *("cluster:99999", "http://cluster:8787", "inproc://x:1", "cluster:1/x"),
        "::1:8786",
    ],
)
def test_refuses_what_is_no_address(text: str) -> None:
    with pytest.raises(CourseError, match=r"write HOST:PORT or tls://HOST:PORT"):
        full_address(text)


def test_dask_s_default_scheme_counts() -> None:
    with config.set({"distributed.comm.default-scheme": "tls"}):
        assert full_address("cluster:8786") == "tls://cluster:8786"


@pytest.mark.parametrize(
    ("address", "exposed"),
    [
        ("tcp://cluster:8786", True),
        ("tcp://10.0.0.1:8786", True),
        ("tcp://127.0.0.1:8786", False),
        ("tcp://localhost:8786", False),
        ("tcp://[::1]:8786", False),
        ("tls://cluster:8786", False),
    ],
)
def test_plain_tcp_on_a_network_is_exposed(address: str, exposed: bool) -> None:
    assert is_exposed(address) is exposed


def _grade(folder: Path, address: str, told: list[Any] | None = None) -> None:
    run = grade_many(
        make_lesson(folder),
        [("a", Submission("a", "0"))],
        scheduler=address,
        watch=lambda event, key: None if told is None else told.append((event, key)),
    )
    list(run)


def test_no_scheduler_is_told_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "CONNECT_S", 0.2)
    told: list[Any] = []
    with pytest.raises(InfrastructureError, match="does not answer"):
        _grade(tmp_path, "127.0.0.1:1", told)
    assert told == []  # nobody else reaches this machine's own address
    left = [one for one in gc.get_objects() if type(one).__name__ == "Client"]
    assert left == []  # one that is collected later can stop the next one's start


def test_an_exposed_scheduler_is_warned_of_and_can_be_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "CONNECT_S", 0.2)
    told: list[Any] = []
    with (
        config.set({"distributed.comm.require-encryption": True}),
        pytest.raises(InfrastructureError, match="encryption required"),
    ):
        _grade(tmp_path, "tcp://192.0.2.1:8786", told)
    assert [event for event, _ in told] == ["warning"]
    assert "tcp://192.0.2.1:8786 can read along, and run code" in told[0][1]


def test_no_workers_are_told_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "CONNECT_S", 120)  # it answers, however slowly
    with (
        local_cluster(tmp_path, workers=0) as made,
        pytest.raises(InfrastructureError, match="has no workers"),
    ):
        _grade(tmp_path, made.address)


def test_tls_names_the_setting_or_the_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError, match=r"needs distributed\.comm\.tls\.ca"):
        _grade(tmp_path / "a", "tls://127.0.0.1:1")
    absent = {"ca-file": str(tmp_path / "ca.pem"), "client.cert": "x"}
    names = {f"distributed.comm.tls.{key}": value for key, value in absent.items()}
    with (
        config.set(names),
        pytest.raises(InfrastructureError, match=r"ca\.pem cannot be read"),
    ):
        _grade(tmp_path / "b", "tls://127.0.0.1:1")
