"""What a student reads when a kernel or its host function is wrong."""

from __future__ import annotations


class TileError(Exception):
    """A kernel that Triton would refuse, or whose result no GPU guarantees.

    The text is one to three lines: where (kernel, line, program), what happened,
    and the source line or the form that works.
    """


class LanguageError(TileError):
    """The kernel's source is outside the language; nothing has run."""


class AccessError(TileError):
    """A load or a store left the tensor that it was given."""
