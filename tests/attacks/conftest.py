"""Fixtures of the attack tests: the family's outcome, graded once for each file."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import arena
import pytest

collect_ignore = ["cases", "target"]  # submissions and a lesson, not tests of ours


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that takes ``case`` every case of its file's ``FAMILY``."""
    if "case" in metafunc.fixturenames:
        found = arena.cases(metafunc.module.FAMILY)
        metafunc.parametrize("case", found, ids=lambda case: case.name)


class Listener:
    """A server on the loopback interface that counts who connects."""

    def __init__(self) -> None:
        self.calls = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                link, _ = self._server.accept()
            except OSError:
                return
            self.calls += 1
            link.close()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    """A server that no submission may reach."""
    server = Listener()
    yield server
    server.close()


@pytest.fixture(scope="module")
def marker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A path of the host that no submission may touch."""
    return tmp_path_factory.mktemp("host") / "touched"


@pytest.fixture(scope="module")
def outcome(
    request: pytest.FixtureRequest, listener: Listener, marker: Path
) -> arena.Outcome:
    """Everything that grading the file's family gave."""
    module = request.module
    lesson = arena.target(getattr(module, "TARGET", "00-target"))
    return arena.grade_family(module.FAMILY, listener.port, marker, lesson)
