"""Runs student code without output, warnings or input."""

from __future__ import annotations

import contextlib
import io
import sys
import warnings
from collections.abc import Iterator

from autograder.student import cells


@contextlib.contextmanager
def muted() -> Iterator[None]:
    """Drop what student code prints, up to a limit, and warns of; give it no input."""
    stdin, sys.stdin = sys.stdin, io.StringIO()
    output = cells.CappedOutput()
    try:
        with contextlib.redirect_stdout(output), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.stdin = stdin
