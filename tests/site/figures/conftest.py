"""One bare page a figure, served from this machine, and the tabs that show them."""

from __future__ import annotations

import functools
import http.server
import json
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from website import REPOSITORY, QuietHandler, Visit, open_context, watch

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PREDICT = """<div class="g2k"><g2k-predict data-id="t" data-answer="90" data-unit="°">
<p>How far?</p><details><summary>Show me</summary><p>90°</p></details>
</g2k-predict></div>"""


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    """Return each figure's lesson, static picture and data."""
    done = subprocess.run(
        ["node", Path(__file__).parent / "page.mjs"],
        capture_output=True,
        text=True,
        check=True,
    )
    pages: dict[str, Any] = json.loads(done.stdout)
    pages["predict"] = {"lesson": "00-start", "html": PREDICT, "trace": None}
    return pages


@pytest.fixture(scope="module")
def served(figures: dict[str, Any]) -> Iterator[str]:
    """Serve one bare page a figure, beside the modules as they are written."""

    class Pages(QuietHandler):
        def do_GET(self) -> None:
            name = self.path.removeprefix("/figure/").partition("?")[0]
            if name not in figures:
                super().do_GET()
                return
            body = document(figures[name]).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body)

    handler = functools.partial(Pages, directory=str(REPOSITORY))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def document(figure: dict[str, Any]) -> str:
    """Return a page that holds one figure."""
    data = json.dumps(figure["trace"])
    return f"""<!doctype html><html lang="en"><head><title>Figure</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<link rel="stylesheet" href="/site/figures/figures.css">
<style>body {{ background: var(--g2k-bg); color: var(--g2k-ink) }}</style></head>
<body><main><h1>Figure</h1>
{figure["html"]}
<script type="application/json" data-trace-of="trace.json">{data}</script>
<script type="module" src="/course/{figure["lesson"]}/figure.js"></script>
</main></body></html>"""


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[Visit]:
    """Return the one tab of these tests: a new one each would double their time."""
    context = open_context(browser)
    yield watch(context)
    context.close()


@pytest.fixture(scope="module")
def scriptless(browser: Browser) -> Iterator[Page]:
    """Return a tab that runs no scripts."""
    context = browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()
