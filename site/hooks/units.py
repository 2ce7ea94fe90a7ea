"""Keep a number and its unit on one line: `95 %`, `40 ms`."""

from __future__ import annotations

import re
from typing import Any

#: Code is copied, so it stays as it is; a drawing places its own texts.
_LEFT_ALONE = re.compile(r"<(pre|code|script|style|svg|math)\b.*?</\1>", re.DOTALL)
_UNIT = r"%|[nµm]?s|[kMGT]?B(?:/s)?|[KMG]iB|[MG]Hz"
_BETWEEN = re.compile(rf"(?<=\d) (?=(?:{_UNIT})(?![\w/]))")


def on_page_content(content: str, **_: Any) -> str:
    """Make the space between a number and its unit one at which no line breaks."""
    parts, end = [], 0
    for match in _LEFT_ALONE.finditer(content):
        parts += [_BETWEEN.sub("\N{NO-BREAK SPACE}", content[end : match.start()])]
        parts += [match[0]]
        end = match.end()
    return "".join([*parts, _BETWEEN.sub("\N{NO-BREAK SPACE}", content[end:])])
