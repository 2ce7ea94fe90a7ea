"""Tells code from prose in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator

_FENCE = re.compile(r"^\s*(```|~~~)")


def lines(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each line and whether it belongs to a fenced code block."""
    fence: str | None = None
    for line in text.splitlines():
        match = _FENCE.match(line)
        if match and fence is None:
            fence = match[1]
            yield line, True
        elif match and match[1] == fence:
            fence = None
            yield line, True
        else:
            yield line, fence is not None
