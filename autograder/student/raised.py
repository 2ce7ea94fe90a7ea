"""Puts what a submission raised into three lines: where, evidence, next look."""

from __future__ import annotations

import builtins
import functools
import re
from collections.abc import Sequence
from typing import Any

from autograder.student import codec
from autograder.student.errors import NotAttempted, StudentError, StudentRaised
from autograder.student.places import SCENARIO, place
from autograder.student.report import Verdict, gettext
from autograder.student.verdict_words import verdict_word
from autograder.student.vocabulary import Vocabulary

#: What the tile simulator raises where it refuses a kernel.
_KERNEL_ERRORS = frozenset(("TileError", "LanguageError", "AccessError"))
_KERNEL = re.compile(r"(\w+(?:, line \d+)?(?:, program [^:]*)?): (.*)", re.DOTALL)
_OUTSIDE = re.compile(r"(\w+) is out of bounds")
_MOST_TEXT = 300  # characters of an exception's text
_OPERATOR = re.compile(r"unsupported operand type\(s\) for (.+?): '(\w+)' and '(\w+)'")
_METHODS = {
    **{"+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv"},
    **{"%": "mod", "@": "matmul", "** or pow()": "pow"},
}
_NUMBERS = ("int", "float", "complex")


def raised(
    label: str,
    answer: Sequence[Any],
    words: Vocabulary | None = None,
    *,
    is_clean: bool = False,
    cells: Sequence[tuple[str, str]] = (),
) -> StudentError:
    """Make an error of what a process says that the submission raised.

    Args:
        label: what was called.
        answer: the exception's type; the builtin types that it derives from; its text;
            cell, line and function of each frame of the submission.
        words: all that a message may quote, where the input is hidden.
        is_clean: whether the process runs no line of the submission unchecked.
        cells: the submission's source, label by label.

    Raises:
        CodecError: these are not the parts of an exception.
    """
    try:
        name, bases, text, frames = answer
        name, text = str(name)[:80], str(text)
        places = [(str(cell), int(n), str(f)) for cell, n, f in frames]
        known = [base for base in bases if _is_exception(base)]
    except (TypeError, ValueError, OverflowError):
        raise codec.CodecError("a malformed answer") from None
    if name == "NotImplementedError":
        told = text if words is None else words.quoted(text[:200])
        return NotAttempted(verdict_word(Verdict.NOT_ATTEMPTED), told)
    kind = next(filter(None, map(_raised_type, known)), StudentRaised)
    if name in _KERNEL_ERRORS and (words is None or is_clean):
        lines = _kernel_lines(label, text, words, cells)
        stop = kind(name, text, lines[0], "\n".join([*lines[1:], *_at(places)]), "")
        stop.at = _what_stopped(text)
        return stop
    look = _LOOKS.get(name, "")
    if words is not None:
        if name in _KERNEL_ERRORS:
            look = gettext("Run autograder check: on your machine it says why.")
        elif not _is_exception(name):
            name = [*known, "Exception"][0]
        at = [told for p in places[-1:] if (told := words.place(*p))]
        where = gettext("{label} raised {name}").format(label=label, name=name)
        return kind(name, text, where, "at " + at[0] if at else "", look)
    expression = ""
    if places and places[-1][0] == SCENARIO:  # its own code raised nothing
        expression = places[-1][2]
        label = label.rstrip(",") + (f": `{expression}`" if expression else "")
        look = look or _missing_method(text)
    where = gettext("{label} raised {name}").format(label=label, name=name)
    if text.strip():
        where += f": {_shortened(text.strip().splitlines()[0])}"
    error = kind(name, text, where, "".join(_at(places)), look)
    error.at = expression
    return error


_LOOKS = {
    "EOFError": gettext("Nobody types while grading: input() is not available."),
    "SystemExit": gettext("Return the answer instead of leaving the program."),
    "BdbQuit": gettext(
        "A debugger waits for someone to type: take out breakpoint() or set_trace()."
    ),
}


def _at(places: Sequence[tuple[str, int, str]]) -> list[str]:
    own = [(cell, n, f) for cell, n, f in places if cell != SCENARIO]
    at = [f"{place(cell, n)}, in {f}" for cell, n, f in own[-2:]]
    return ["at " + "; ".join(at)] if at else []


def _shortened(text: str) -> str:
    """Cut a text between words, and show that it is cut."""
    if len(text) <= _MOST_TEXT:
        return text
    return text[:_MOST_TEXT].rpartition(" ")[0] + " ..."


def _kernel_lines(
    label: str,
    text: str,
    words: Vocabulary | None,
    cells: Sequence[tuple[str, str]],
) -> list[str]:
    """Return what the simulator says, a place first; with its line in a notebook."""
    first, *source = text.split("\n")
    found = _KERNEL.fullmatch(first)
    at, why = found.groups() if found else ("", first)
    line = source[-1].strip() if source else ""
    if words is not None:
        at, why = words.masked(at), words.masked(why)
        line = words.quoted(line)
    at = _in_file(at, line, cells)
    where = gettext("{label} stopped in {kernel}").format(label=label, kernel=at)
    if not at:
        where = gettext("{label} stopped in a kernel").format(label=label)
    return [where, why, *([line] if line else [])]


def _what_stopped(text: str) -> str:
    """Return what the simulator says without places and without names of arguments.

    Two kernels that stop are alike if they stop for the same reason: a load of one
    element too many is not the mistake that a store far outside is.
    """
    first = text.split("\n")[0]
    found = _KERNEL.fullmatch(first)
    why = found[2] if found else first
    outside = _OUTSIDE.search(why)
    return re.sub(rf"\b{outside[1]}\b", "it", why) if outside else why


def _in_file(at: str, line: str, cells: Sequence[tuple[str, str]]) -> str:
    """Put the notebook's cell before a kernel's line; drop a line that is not there."""
    found = re.search(r", line (\d+)", at)
    if found is None:
        return at
    number = int(found[1])
    for label, source in reversed(cells):  # run last, in a notebook
        lines = source.split("\n")
        if 0 < number <= len(lines) and lines[number - 1].strip()[:100] == line:
            return at.replace(found[0], f", {place(label, number)}", 1)
    return at if not cells else at.replace(found[0], "", 1)


def _missing_method(text: str) -> str:
    """Say which method would have answered an operator."""
    found = _OPERATOR.search(text)
    if found is None or found[1] not in _METHODS:
        return ""
    _, left, right = found.groups()
    own, method = (right, "r") if left in _NUMBERS else (left, "")
    told = gettext("{type} needs a method __{name}__ for this.")
    return told.format(type=own, name=method + _METHODS[found[1]])


def _is_exception(name: str) -> bool:
    kind = getattr(builtins, name, None)
    return isinstance(kind, type) and issubclass(kind, BaseException)


@functools.cache
def _raised_type(name: str) -> type[StudentRaised] | None:
    builtin = getattr(builtins, name)
    if not issubclass(builtin, Exception):
        return None
    try:
        kind = type(f"Student{name}", (StudentRaised, builtin), {})
        kind("", "", "", "", "")
    except TypeError:  # its layout forbids it, or it takes other arguments
        return None
    return kind
