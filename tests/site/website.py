"""The website as the tests see it: build it, find its pages, open them in a browser."""

from __future__ import annotations

import http.server
import importlib.util
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

REPOSITORY = Path(__file__).parents[2]
SIZES: dict[str, ViewportSize] = {
    "desktop": {"width": 1280, "height": 900},
    "phone": {"width": 390, "height": 844},
}


@dataclass(frozen=True)
class Site:
    """A built flavour of the website."""

    root: Path  # the folder that was built
    url: str  # where a browser finds it, with a final slash

    def pages(self) -> list[Path]:
        """Return the pages a reader can reach, the error page left out."""
        found = sorted(self.root.rglob("*.html"))
        return [page for page in found if page.name != "404.html"]

    def address(self, page: Path) -> str:
        """Return the address of a built page."""
        name = page.relative_to(self.root).as_posix()
        if self.url.startswith("http"):
            name = name.removesuffix("index.html")
        return self.url + name


def build(
    target: Path, config: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Build the website into a folder as `make site` does: any warning fails."""
    options = [] if config is None else ["--config", config]
    return subprocess.run(
        [sys.executable, REPOSITORY / "site" / "build.py", target, *options],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def load_hook(name: str) -> ModuleType:
    """Import a hook as MkDocs does, by its path: site/ is no package."""
    path = REPOSITORY / "site" / "hooks" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"g2k_hook_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses and annotations look here
    spec.loader.exec_module(module)
    return module


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serve files without a line on stderr for each."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@dataclass
class Visit:
    """A tab, and everything that went wrong in it."""

    page: Page
    outside: list[str]  # requests that left this machine
    troubles: list[str]  # console errors, exceptions, missing files

    def note_failure(self, request: Any) -> None:
        """Note a request that failed; leaving a page aborts what is under way."""
        if request.failure != "net::ERR_ABORTED":
            self.troubles.append(request.url)


def open_context(
    browser: Browser, size: str = "desktop", scheme: str = "light"
) -> BrowserContext:
    """Return a fresh browser profile of a given size and colour scheme."""
    return browser.new_context(
        viewport=SIZES[size],
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )


def watch(context: BrowserContext) -> Visit:
    """Open a tab that keeps a record of requests and troubles."""
    page = context.new_page()
    seen = Visit(page, [], [])

    def on_request(request: Any) -> None:
        url = request.url
        here = ("http://127.0.0.1:", "file://", "data:", "blob:")
        if not url.startswith(here):
            seen.outside.append(url)

    page.on("request", on_request)
    page.on("pageerror", lambda error: seen.troubles.append(str(error)))
    page.on("requestfailed", seen.note_failure)
    page.on(
        "console",
        lambda message: (
            seen.troubles.append(message.text) if message.type == "error" else None
        ),
    )
    page.on(
        "response",
        lambda response: (
            seen.troubles.append(f"{response.status} {response.url}")
            if response.status >= 400
            else None
        ),
    )
    return seen
