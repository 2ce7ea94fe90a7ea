"""Drops from a notebook's bytes what nobody grades, before anything is parsed.

Students hand in notebooks of three kilobytes of code and a hundred megabytes of
outputs. Two regular expressions pass over them once, without building a thing.
"""

from __future__ import annotations

import re

from autograder.student.notebook.decode import Unreadable

MOST_BRACKETS = 3_000_000  # of the dropped parts together: a few seconds of looking

_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_DROPPED = rb'"(?:outputs|attachments|widgets)"\s*+:\s*+(?=[\[{])'
#: Everything up to the next key whose value is dropped; strings are passed as a whole.
_KEPT = re.compile(
    rb'[^"]*+(?:(?!%b)%b[^"]*+)*+(?P<key>%b)' % (_DROPPED, _STRING, _DROPPED), re.DOTALL
)
_TO_BRACKET = re.compile(
    rb'[^"\[\]{}]*+(?:%b[^"\[\]{}]*+)*+(?P<bracket>[\[\]{}])' % _STRING, re.DOTALL
)


def without_outputs(data: bytes) -> bytes:
    """Return a notebook with empty outputs and attachments, its lines where they were.

    Args:
        data: JSON in an encoding that contains ASCII; whatever else comes back as it
            is from where it stops being JSON.

    Raises:
        Unreadable: an output breaks off, or outputs hold too many parts.
    """
    kept: list[bytes] = []
    at, left = 0, MOST_BRACKETS
    while found := _KEPT.match(data, at):
        start = found.end("key")
        end, left = _closing(data, start, left)
        opening, closing = data[start : start + 1], data[end - 1 : end]
        lines = b"\n" * data.count(b"\n", start, end)
        kept += [data[at:start], opening, lines, closing]
        at = end
    return b"".join([*kept, data[at:]]) if kept else data


def _closing(data: bytes, at: int, left: int) -> tuple[int, int]:
    """Return where the value that opens at a place ends, and how much may follow."""
    depth = 0
    while found := _TO_BRACKET.match(data, at):
        at, left = found.end(), left - 1
        depth += 1 if found["bracket"] in b"[{" else -1
        if depth == 0 and left > 0:
            return at, left
        if left <= 0:
            raise Unreadable(
                "The notebook's outputs hold too many parts: clear them (Kernel,"
                " Restart and Clear Outputs) and save again."
            )
    line = data.count(b"\n") + 1
    raise Unreadable(
        f"The notebook is cut short: its JSON breaks off at line {line}."
        " Save it again and check the upload's size."
    )
