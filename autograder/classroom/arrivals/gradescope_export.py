"""Reads whose work is in what Gradescope packs for a teacher.

An export is a folder ``assignment_NUMBER_export`` with a folder ``submission_NUMBER``
for each submission, and ``submission_metadata.yml``, which names who handed it in,
several where a group did, and when::

    submission_4711:
      :submitters:
      - :name: Ada Lovelace
        :sid: '1815'
        :email: ada@example.org
      :created_at: 2026-11-30 10:17:14.128338000 Z
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autograder.student.notebook.unpack import read_bytes


@dataclass(frozen=True)
class Submitter:
    """One of those who handed something in."""

    name: str
    sid: str  # the number that the school gave the student; "" where there is none
    email: str


@dataclass(frozen=True)
class HandedIn:
    """What is known of one submission."""

    submitters: tuple[Submitter, ...]
    sent: float  # seconds since 1970; 0 where nothing tells


def read_metadata(path: Path) -> dict[str, HandedIn]:
    """Return who handed in each folder; runs in the bounded process.

    Raises:
        Unreadable: it is no ordinary file.
        yaml.YAMLError: it is no YAML.
        ValueError: it is YAML of another kind.
    """
    import yaml

    # As text: a number of a student may begin with zeros.
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    told = yaml.load(read_bytes(path), Loader=loader)
    if not isinstance(told, dict):
        raise ValueError("no submissions are named")
    return {name: _handed_in(row) for name, row in told.items() if _is_of(row)}


def _is_of(row: Any) -> bool:
    return isinstance(row, dict) and isinstance(row.get(":submitters"), list)


def _handed_in(row: dict[str, Any]) -> HandedIn:
    return HandedIn(tuple(_submitters(row)), _seconds(str(row.get(":created_at", ""))))


def _submitters(row: dict[str, Any]) -> Iterator[Submitter]:
    for one in row[":submitters"]:
        if isinstance(one, dict):
            words = (one.get(key) for key in (":name", ":sid", ":email"))
            yield Submitter(*(w.strip() if isinstance(w, str) else "" for w in words))


def _seconds(text: str) -> float:
    try:
        when = datetime.fromisoformat(text.strip().replace(" Z", "+00:00"))
    except ValueError:
        return 0.0
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
