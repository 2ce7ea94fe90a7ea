"""Fill the reference of the language of kernels: see `autograder.release.kernels`."""

from __future__ import annotations

import re
from typing import Any

from mkdocs.exceptions import PluginError

from autograder.release.kernels import MARKER, MARKERS


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Replace the markers of a page."""

    def fill(match: re.Match[str]) -> str:
        if match[1] not in MARKERS:
            raise PluginError(f"{page.file.src_uri}: unknown marker {match[0]}")
        return "\n".join(MARKERS[match[1]]())

    return MARKER.sub(fill, markdown)
