"""Drops from a notebook's bytes what nobody grades, before anything is parsed.

Students hand in notebooks of three kilobytes of code and a hundred megabytes of
outputs. One pass looks at quotes and brackets alone, without building a thing.
"""

from __future__ import annotations

import re

from autograder.student.notebook.decode import Unreadable

MOST_PARTS = 6_000_000  # strings and brackets looked at: a few seconds
_BACKSLASH = ord("\\")
_DROPPED = re.compile(rb'"(?:outputs|attachments|widgets)"\s*:\s*(?=[\[{])')
_MARK = re.compile(rb'["\[\]{}]')


def without_outputs(data: bytes) -> bytes:
    """Return a notebook with empty outputs and attachments, its lines where they were.

    Args:
        data: JSON in an encoding that contains ASCII; whatever else comes back as it
            is from where it stops being JSON.

    Raises:
        Unreadable: an output breaks off, or outputs hold too many parts.
    """
    kept: list[bytes] = []
    copied, quote, left = 0, data.find(b'"'), MOST_PARTS
    while quote >= 0:
        if key := _DROPPED.match(data, quote):
            start = key.end()
            after, left = _closing(data, start, left)
            opening, closing = data[start : start + 1], data[after - 1 : after]
            lines = b"\n" * data.count(b"\n", start, after)
            kept += [data[copied:start], opening, lines, closing]
            copied = after
        else:
            after, left = _after_string(data, quote), left - 1
            _refuse_too_many(left)
        quote = data.find(b'"', after)
    return b"".join([*kept, data[copied:]]) if kept else data


def _closing(data: bytes, at: int, left: int) -> tuple[int, int]:
    """Return where the value that opens at a place ends, and how much may follow."""
    depth = 0
    while found := _MARK.search(data, at):
        left -= 1
        _refuse_too_many(left)
        if found[0] == b'"':
            at = _after_string(data, found.start())
            continue
        at = found.end()
        depth += 1 if found[0] in b"[{" else -1
        if depth == 0:
            return at, left
    line = data.count(b"\n") + 1
    raise Unreadable(
        f"The notebook is cut short: its JSON breaks off at line {line}."
        " Save it again and check the upload's size."
    )


def _after_string(data: bytes, quote: int) -> int:
    """Return where the string that opens at a quote ends: the data, if nowhere."""
    at = quote + 1
    while (end := data.find(b'"', at)) >= 0:
        first = end  # of the backslashes before it: an odd number escapes it
        while data[first - 1] == _BACKSLASH:
            first -= 1
        if (end - first) % 2 == 0:
            return end + 1
        at = end + 1
    return len(data)


def _refuse_too_many(left: int) -> None:
    if left <= 0:
        raise Unreadable(
            "The notebook's outputs hold too many parts: clear them (Kernel, Restart"
            " and Clear Outputs) and save again."
        )
