"""The connection to a Dask scheduler: its address, its certificates, its workers.

A run ends with one sentence when the scheduler is gone, or has had no worker for as
long as `ALONE_S`; Dask itself would wait for ever.
"""

from __future__ import annotations

import gc
import ipaddress
import logging
import os
import queue
import time
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from autograder.student.report import CourseError, InfrastructureError

T = TypeVar("T")

CONNECT_S = 10
#: How long a run waits while there is no worker at all. A nanny starts a killed worker
#: again within seconds; who waits longer than this waits for a queue or for a person,
#: and a run that is started again goes on from where it stopped.
ALONE_S = 60.0
#: How often to look for workers that came or went: each look asks the scheduler once.
LOOK_S = 2.0

_SCHEMES = ("tcp", "tls")
_HELP = "see the page on grading on a cluster"


def full_address(text: str) -> str:
    """Return a scheduler's address with its scheme, which by default is Dask's.

    Raises:
        CourseError: it is no address, or not of TCP or TLS.
    """
    import distributed  # noqa: F401  (makes the defaults of Dask's configuration known)
    from dask import config

    scheme, found, place = text.rpartition("://")
    if not found:
        scheme = config.get("distributed.comm.default-scheme")
    parts = urlsplit(f"//{place}")
    try:
        is_whole = bool(parts.hostname and parts.port) and parts.netloc == place
    except ValueError:  # the port is no number
        is_whole = False
    if scheme not in _SCHEMES or not is_whole:
        raise CourseError(
            f"{text!r} is no scheduler: write HOST:PORT or tls://HOST:PORT"
        )
    return f"{scheme}://{place}"


def is_exposed(address: str) -> bool:
    """Tell whether others may reach or hear a scheduler: plain TCP on a network."""
    parts = urlsplit(address)
    if parts.scheme != "tcp":
        return False
    try:
        return not ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:  # a name
        return parts.hostname != "localhost"


def connect(address: str) -> Any:
    """Return a Dask client of the scheduler at a full address.

    Certificates are those that Dask's own configuration names.

    Raises:
        InfrastructureError: there is no connection; says why.
    """
    _quieten()
    if address.startswith("tls://"):
        _check_certificates()
    client, reason = _try_to_connect(address)
    if client is None:
        # What is left of a client closes itself when it is collected, and waits for a
        # lock that the next one holds while it starts: so it is collected now.
        gc.collect()
        raise InfrastructureError(reason)
    return client


def _try_to_connect(address: str) -> tuple[Any, str]:
    """Return a client, or None and why there is none."""
    from distributed import Client
    from distributed.comm.core import CommClosedError

    try:
        return Client(address, timeout=CONNECT_S, set_as_default=False), ""
    except CommClosedError:
        reason = f"it and this machine refuse each other's certificates ({_HELP})"
        if address.startswith("tcp://"):
            reason = f"it ended the connection; is it tls://? ({_HELP})"
        return None, f"no connection to the Dask scheduler at {address}: {reason}"
    except (OSError, ValueError, RuntimeError) as error:
        return None, f"the Dask scheduler at {address} does not answer: {error}"


def _check_certificates() -> None:
    """Find every file that TLS needs, for Dask's own messages name none."""
    from dask import config

    for name in ("ca-file", "client.cert", "client.key"):
        key = f"distributed.comm.tls.{name}"
        value = config.get(key) or ""
        if not value and name != "client.key":  # which may be in the certificate's file
            raise InfrastructureError(
                f"tls:// needs {key} in Dask's configuration ({_HELP})"
            )
        if value and "\n" not in value and not os.access(value, os.R_OK):
            raise InfrastructureError(f"{key}: {value} cannot be read ({_HELP})")


def _quieten() -> None:
    """Keep Dask's log off the terminal: what it knows is told in one sentence."""
    for name in ("distributed", "distributed.client", "distributed.core"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


class Watch:
    """Waits for a cluster for as long as it is there, and counts its threads."""

    def __init__(self, client: Any, address: str) -> None:
        """Look at the cluster for the first time.

        Raises:
            InfrastructureError: it has no workers.
        """
        self._client, self._address = client, address
        self._looked = self._alone_since = 0.0
        self.threads = 0  # when there were some last
        self._look()
        if not self.threads:
            raise InfrastructureError(f"the Dask scheduler at {address} has no workers")

    def wait(self, step: Callable[[float], T]) -> T:
        """Return what ``step`` returns.

        Args:
            step: Waits for so many seconds, then raises `queue.Empty` or TimeoutError.

        Raises:
            InfrastructureError: the scheduler is gone, or has had no worker for long.
        """
        while True:
            if time.monotonic() - self._looked >= LOOK_S:
                self._look()
            try:
                return step(LOOK_S)
            except (queue.Empty, TimeoutError):
                continue

    def gone(self) -> InfrastructureError:
        """Return the error that says so."""
        return InfrastructureError(f"the Dask scheduler at {self._address} is gone")

    def _look(self) -> None:
        try:
            threads = sum(self._client.nthreads().values())
        except (OSError, AttributeError) as error:  # Dask gives the address up
            raise self.gone() from error
        if self._client.status != "running":
            raise self.gone()
        self._looked = time.monotonic()
        if threads:
            self.threads, self._alone_since = threads, self._looked
        elif self.threads and self._looked - self._alone_since >= ALONE_S:
            raise InfrastructureError(
                f"the Dask scheduler at {self._address} has had no workers for"
                f" {ALONE_S:.0f} s"
            )
