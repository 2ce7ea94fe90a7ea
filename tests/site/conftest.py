"""Build the website once, serve it from this machine, and open it in a browser."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from website import QuietHandler, Site, Visit, build, open_context, watch

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return the website as a web server shows it."""
    root = tmp_path_factory.mktemp("site") / "built"
    root.mkdir()
    handler = functools.partial(QuietHandler, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        url = f"http://127.0.0.1:{server.server_port}/"
        done = build(root, SITE_URL=url)
        assert done.returncode == 0, done.stderr + done.stdout
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Site(root, url)
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def offline_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Return the flavour that is read from a disk."""
    root = tmp_path_factory.mktemp("offline") / "built"
    done = build(root, OFFLINE="true")
    assert done.returncode == 0, done.stderr + done.stdout
    return Site(root, root.as_uri() + "/")


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Return a tab on a desktop, in light colours, without animation."""
    context = open_context(browser)
    yield watch(context)
    context.close()
