"""A PostgreSQL server of the tests' own: a socket in a folder, an unprivileged user."""

from __future__ import annotations

import contextlib
import glob
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OWNER, PASSWORD = "teacher", "s3cret-w0rd"
_OPTIONS = "-c listen_addresses= -c fsync=off -c max_connections=20"


def programs() -> Path | None:
    """Return the folder of initdb and pg_ctl, which Debian keeps off PATH."""
    found = shutil.which("pg_ctl")
    places = sorted(glob.glob("/usr/lib/postgresql/*/bin/pg_ctl"))
    path = found or next(reversed(places), None)
    return None if path is None else Path(path).resolve().parent


@dataclass(frozen=True)
class Server:
    """A running server, and how to make a database in it."""

    folder: Path
    programs: Path

    def make(self, name: str) -> str:
        """Make an empty database; return its address, password and all."""
        self._run("createdb", "-h", str(self.folder), "-U", OWNER, name)
        return f"postgresql+psycopg://{OWNER}:{PASSWORD}@/{name}?host={self.folder}"

    def rows(self, name: str, query: str) -> list[str]:
        """Return what psql answers, a line a row."""
        words = ("-h", str(self.folder), "-U", OWNER, "-AtF,", "-c", query, name)
        return self._run("psql", *words).splitlines()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"{_OPTIONS} -k {self.folder}"
        log = str(self.folder / "log")
        self._control("start", "-w", "-l", log, "-o", options)

    def process(self) -> int:
        """Return the number of its process."""
        return int((self.folder / "data" / "postmaster.pid").read_text().split()[0])

    def stop(self) -> None:
        """Stop it at once, whoever is connected."""
        self._control("stop", "-m", "immediate")

    def _control(self, *words: str) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), *words)

    def _run(self, program: str, *words: str) -> str:
        done = subprocess.run(
            [str(self.programs / program), *words],
            cwd=self.folder,
            env=os.environ | {"PGPASSWORD": PASSWORD},
            user=_unprivileged(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if program == "psql" else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            check=True,
        )
        return done.stdout or ""


def _unprivileged() -> int | None:
    """Return a user to run it as: PostgreSQL refuses to run as root."""
    return pwd.getpwnam("nobody").pw_uid if os.getuid() == 0 else None


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """Start a server in a new folder, and delete both in the end."""
    found = programs()
    assert found is not None
    # The path of a socket is short, and its user must reach it.
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        if (user := _unprivileged()) is not None:
            os.chown(folder, user, -1)
        server = Server(folder, found)
        (folder / "password").write_text(f"{PASSWORD}\n")
        (folder / "password").chmod(0o644)
        server._run(
            *("initdb", "-D", str(folder / "data"), "-U", OWNER, "-A", "scram-sha-256"),
            *("--pwfile", str(folder / "password"), "-N", "--locale=C", "-E", "UTF8"),
        )
        server.start()
        try:
            yield server
        finally:
            with contextlib.suppress(subprocess.CalledProcessError):
                server.stop()
