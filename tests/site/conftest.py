"""Build the website once, serve it from this machine, and open it in a browser."""

from __future__ import annotations

import functools
import http.server
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock
from website import QuietHandler, Site, Visit, build, open_context, watch

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def built(
    tmp_path_factory: pytest.TempPathFactory, name: str, **variables: str
) -> Path:
    """Return a flavour of the website; the first process to need it builds it."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # of all processes of this run
    root = base / name
    with FileLock(base / f"{name}.lock"):
        if not root.is_dir():
            draft = base / f"{name}.draft"
            done = build(draft, **variables)
            assert done.returncode == 0, done.stderr + done.stdout
            draft.rename(root)
    return root


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return the website as a web server shows it."""
    root = built(tmp_path_factory, "site", SITE_URL="http://127.0.0.1:8000/")
    handler = functools.partial(QuietHandler, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Site(root, f"http://127.0.0.1:{server.server_port}/")
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def offline_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Return the flavour that is read from a disk."""
    root = built(tmp_path_factory, "offline", OFFLINE="true")
    return Site(root, root.as_uri() + "/")


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Return a tab on a desktop, in light colours, without animation."""
    context = open_context(browser)
    yield watch(context)
    context.close()
