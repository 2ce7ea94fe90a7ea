"""Takes out what IPython understands and Python does not, keeping every line number."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from autograder.student.notebook.names import parse

#: Cell magics whose body is ordinary Python that runs in the notebook.
_PYTHON_CELLS = {"time", "timeit", "capture", "prun", "python", "python3", "debug"}

_LINE = re.compile(
    r"""(?P<indent>\s*)(?:
        [%!?]                              # %matplotlib inline, !pip install, ?help
      | [\w.]+\s*=\s*(?:%\w|!)             # files = !ls
      | [\w.\[\]'"*]+\?{1,2}\s*(?:\#.*)?$  # partial?
      | /[\w.]+                            # IPython's autocall
      | (?:pip3?|conda|mamba|uv)\s+(?:install|uninstall|list|show|pip|add)\b
      | cd\s+[~./]                         # magics that need no %
    )""",
    re.VERBOSE,
)
_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)
      | (?P<long>\"\"\"|\'\'\')
      | (?P<short>["'])
      | (?P<open>[(\[{])
      | (?P<close>[)\]}])""",
    re.VERBOSE,
)


#: What a line begins with that was copied from an interpreter's window, and what one
#: of the lines must begin with.
_PROMPTS = (
    (re.compile(r"(?:>>>|\.\.\.)(?: |$)"), re.compile(r">>>(?: |$)")),
    (re.compile(r"In \[\d+\]: ?|\s*\.{3,}:(?: |$)"), re.compile(r"In \[\d+\]: ?")),
)


def without_margin(source: str) -> str:
    """Return source without the indent and the prompts that all its lines have.

    IPython takes them away before it runs a cell.
    """
    lines = textwrap.dedent(source).split("\n")
    for prompt, first in _PROMPTS:
        if any(map(first.match, lines)):
            lines = [prompt.sub("", line, count=1) for line in lines]
    return "\n".join(lines)


def blank_magics(source: str) -> tuple[str, tuple[str, ...]]:
    """Return source without magics, and what was taken out.

    A line that is a magic becomes empty, or ``pass`` where a block needs it. A cell
    that starts with a magic of another language (``%%bash``) becomes empty.
    """
    if parse(source) is not None:
        return source, ()
    lines = source.split("\n")
    taken: list[str] = []
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    cell_magic = re.match(r"\s*%%(\w*)", lines[first])
    if cell_magic:
        taken.append(lines[first].strip())
        if cell_magic[1] not in _PYTHON_CELLS:
            return "\n" * (len(lines) - 1), tuple(taken)
        lines[first] = ""
        if parse("\n".join(lines)) is not None:
            return "\n".join(lines), tuple(taken)
    for number in _statement_starts(lines):
        found = _LINE.match(lines[number])
        if found:
            parts = [lines[number].strip()]
            indent = found["indent"]
            lines[number] = f"{indent}pass" if indent else ""
            for rest in range(number + 1, len(lines)):  # !pip install \
                if not parts[-1].endswith("\\"):
                    break
                parts[-1] = parts[-1][:-1]
                parts.append(lines[rest].strip())
                lines[rest] = ""
            taken.append("".join(parts))
    return "\n".join(lines), tuple(taken)


def _statement_starts(lines: list[str]) -> Iterator[int]:
    """Yield the lines that continue no string, bracket or backslash.

    The caller may blank a line that was yielded before it asks for the next.
    """
    depth, quote, joined = 0, "", False
    for number in range(len(lines)):
        if depth == 0 and not quote and not joined:
            yield number
        line = lines[number]
        joined = line.endswith("\\")
        depth, quote = _scan(line, depth, quote)


def _scan(line: str, depth: int, quote: str) -> tuple[int, str]:
    """Return bracket depth and open triple quote after one line."""
    at = 0
    while at < len(line):
        if quote:
            end = _closing(line, at, quote)
            if end < 0:
                return depth, quote
            at, quote = end + len(quote), ""
            continue
        token = _TOKEN.search(line, at)
        if token is None or token["comment"]:
            break
        at = token.end()
        if token["open"]:
            depth += 1
        elif token["close"]:
            depth = max(0, depth - 1)
        elif token["long"]:
            quote = token["long"]
        else:
            end = _closing(line, at, token["short"])
            if end < 0:
                break
            at = end + 1
    return depth, quote


def _closing(line: str, at: int, quote: str) -> int:
    while at < len(line):
        if line[at] == "\\":
            at += 2
        elif line.startswith(quote, at):
            return at
        else:
            at += 1
    return -1
