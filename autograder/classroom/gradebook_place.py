"""Where a class keeps its gradebook: a file of its own, or a database by address.

``c.CourseDirectory.db_url`` of the class folder's nbgrader_config.py decides, so that
nbgrader, formgrader and we write into one gradebook. An address may hold a password:
nothing here prints one.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from autograder.student.notebook.submission import printable
from autograder.student.report import CourseError, InfrastructureError

LOCK_PATIENCE_S = 30  # formgrader may hold the database for a moment
_CONNECT_PATIENCE_S = 30
_SQLITE = re.compile(r"sqlite(\+\w+)?:///(?P<path>[^?]+)")
#: What a database server says where its address or its rights are wrong.
_MISCONFIGURED = re.compile(
    r"authentication failed|does not exist|no password|permission denied|pg_hba"
)


@dataclass(frozen=True)
class GradebookPlace:
    """A class's gradebook, which may not be made yet."""

    root: Path  # the class folder
    address: str = field(repr=False)  # as SQLAlchemy takes it

    def __str__(self) -> str:
        """Return the file, or the address without what may be a password."""
        if self.file is not None:
            return str(self.file)
        return str(self._url.set(query={}).render_as_string(hide_password=True))

    @cached_property
    def _url(self) -> Any:
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError

        try:
            return make_url(self.address)
        except (ArgumentError, ValueError):
            raise CourseError(
                f"{self.root}: db_url is not the address of a database; write"
                " postgresql+psycopg://USER@HOST/DATABASE"
            ) from None

    @property
    def file(self) -> Path | None:
        """SQLite's file; None for the database of a server.

        Looked up without SQLAlchemy, which takes longer to import than some runs take.
        """
        if not self.address.startswith("sqlite"):
            return None
        found = _SQLITE.match(self.address)
        if found is None or found["path"] == ":memory:":
            raise CourseError(f"{self.root}: db_url names no file")
        return self.root / found["path"]

    @property
    def full_address(self) -> str:
        """What to connect to: a whole path, and how long to wait for whom."""
        url = self._url
        if self.file is not None:
            url = url.set(database=str(self.file))
            url = url.update_query_dict({"timeout": str(LOCK_PATIENCE_S)})
        elif url.get_backend_name() == "postgresql":
            waits = {"connect_timeout": str(_CONNECT_PATIENCE_S)}
            url = url.set(query=waits | dict(url.query))
        return str(url.render_as_string(hide_password=False))

    def check(self) -> None:
        """Look at the address, not at the database.

        Raises:
            CourseError: it is none.
        """
        if self.file is None:
            _ = self._url

    def exists(self) -> bool:
        """Return whether the gradebook was made.

        Raises:
            CourseError, InfrastructureError: a server does not let us look.
        """
        if self.file is not None:
            return self.file.exists()
        from sqlalchemy import create_engine, inspect

        with self.told():
            engine = create_engine(self.full_address)
            try:
                return bool(inspect(engine).has_table("assignment"))
            finally:
                engine.dispose()

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        """Tell in one sentence why the database refuses, and whose fault it is.

        Raises:
            InfrastructureError: it is locked, read-only, full, or does not answer.
            CourseError: it is no gradebook, or may not be used.
        """
        from nbgrader.api import InvalidEntry
        from sqlalchemy.exc import (
            IntegrityError,
            InterfaceError,
            NoSuchModuleError,
            OperationalError,
            SQLAlchemyError,
        )
        from tornado.log import app_log

        loud, app_log.disabled = app_log.disabled, True  # it prints whole tracebacks
        try:
            yield
        except ModuleNotFoundError as error:
            raise CourseError(
                f"{self} needs the package {error.name}; for PostgreSQL:"
                " pip install 'psycopg[binary]'"
            ) from None
        except NoSuchModuleError:
            raise CourseError(f"{self}: SQLAlchemy knows no such database") from None
        except (SQLAlchemyError, InvalidEntry) as raised:
            cause = raised.__context__ if isinstance(raised, InvalidEntry) else raised
            reason = reason_of(cause or raised)
            # Where someone else writes at the same moment, integrity is at stake.
            refusals = (OperationalError, InterfaceError, IntegrityError)
            is_refusal = isinstance(cause, refusals)
            if is_refusal and "no such" not in reason:
                if _MISCONFIGURED.search(reason):
                    raise CourseError(f"{self} cannot be used: {reason}") from None
                raise InfrastructureError(f"{self} cannot be used: {reason}") from None
            raise CourseError(f"{self} is not a gradebook: {reason}") from None
        finally:
            app_log.disabled = loud


def find_gradebook(root: Path) -> GradebookPlace:
    """Return where a class folder keeps its gradebook.

    Raises:
        CourseError: its nbgrader_config.py cannot be read, or its path is in no UTF-8.
    """
    try:
        str(root.resolve()).encode()
    except UnicodeEncodeError:
        told = printable(str(root), 200)
        raise CourseError(f"{told} is no path in UTF-8: name it otherwise") from None
    address = read_config(root).CourseDirectory.get("db_url", "sqlite:///gradebook.db")
    return GradebookPlace(root.resolve(), str(address))


def create_gradebook(place: GradebookPlace) -> None:
    """Make an empty gradebook, unless there is one.

    Half way through, a gradebook without tables would stay: so a file is made beside
    its place.

    Raises:
        CourseError: it cannot be made.
        InfrastructureError: the server does not answer.
    """
    if place.exists():
        return
    from nbgrader import api

    # Nbgrader would start the alembic command for it, by whatever PATH says.
    version = _newest_version()
    api.get_alembic_version = lambda: version
    try:
        if place.file is None:
            with place.told():
                api.Gradebook(place.full_address).close()
            return
        place.file.parent.mkdir(parents=True, exist_ok=True)
        draft = place.file.with_name(f".{place.file.name}.part")
        try:
            draft.unlink(missing_ok=True)
            with place.told():
                api.Gradebook(f"sqlite:///{draft}").close()
            draft.replace(place.file)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise CourseError(f"{place} cannot be made: {reason_of(error)}") from None


def _newest_version() -> str:
    """Return the version of a gradebook's tables, by nbgrader's own migrations."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from nbgrader.dbutil import ALEMBIC_DIR

    config = Config()
    config.set_main_option("script_location", ALEMBIC_DIR.replace("%", "%%"))
    return str(ScriptDirectory.from_config(config).get_current_head())


def read_config(root: Path) -> Any:
    """Return the class folder's nbgrader configuration.

    Raises:
        CourseError: it cannot be read.
    """
    from traitlets.config import Config
    from traitlets.config.loader import PyFileConfigLoader

    config = Config()
    path = root / "nbgrader_config.py"
    if path.exists():
        try:
            config = PyFileConfigLoader(path.name, path=str(root)).load_config()
        except (Exception, SystemExit) as error:  # a program may raise anything
            told = f"{type(error).__name__}: {reason_of(error)}"
            raise CourseError(f"{path} cannot be read: {told}") from None
    config.CourseDirectory.root = str(root)
    return config


def reason_of(error: BaseException) -> str:
    """Return the first line of what an error says."""
    return str(getattr(error, "orig", None) or error).split("\n")[0]
