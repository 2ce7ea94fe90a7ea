"""The reference of the language of kernels, from the simulator's own tables.

A marker is an HTML comment alone on its line: `<!-- kernels:functions -->`,
`kernels:dtypes`, `kernels:blocks`, `kernels:instead`, `kernels:refused` or
`kernels:differences`, which takes over what `CONFORMANCE.md` says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from autograder.student.lab import tiles
from autograder.student.lab.tiles import grammar, reference
from autograder.student.lab.tiles.dtypes import DTYPES
from autograder.student.lab.tiles.state import poison

MARKER = re.compile(r"^<!-- kernels:(\S+) -->[ ]*$", re.MULTILINE)
CONFORMANCE = Path(tiles.__file__).with_name("CONFORMANCE.md")
LISTED = "## The language\n"  # the section that this page replaces


def functions() -> Iterator[str]:
    """Yield a table for each group: calls, what they do, and what blocks they take."""
    for title, names in reference.GROUPS.items():
        yield f"### {title}\n\n| call | what it does | takes |\n|---|---|---|"
        for name in names:
            one = reference.described(name)
            yield f"| {_code(one.call)} | {_cell(one.sentence)} | {one.dtypes} |"
        yield ""


def dtypes() -> Iterator[str]:
    """Yield the element types, as kernels and as NumPy call them."""
    yield "| in a kernel | in NumPy | memory from `device.empty` holds |\n|---|---|---|"
    for dtype in DTYPES.values():
        yield f"| `tl.{dtype.name}` | `{dtype.numpy}` | {poison(dtype.numpy)} |"


def blocks() -> Iterator[str]:
    """Yield the methods and attributes of blocks."""
    methods = ", ".join(f"`.{name}`" for name in grammar.METHODS)
    attributes = ", ".join(f"`.{name}`" for name in grammar.ATTRIBUTES[:3])
    yield f"- Methods of a block, each the function of that name: {methods}."
    yield f"- Attributes: {attributes}; of a pointer `.dtype.element_ty`."
    own = ", ".join(f"`{name}`" for name in grammar.BUILTINS)
    yield f"- Python's own functions: {own}, and `range` in a loop."


def instead() -> Iterator[str]:
    """Yield what to write for names that `tl` does not have."""
    yield "| not in `tl` here | instead |\n|---|---|"
    for name, form in sorted(reference.instead().items()):
        yield f"| `{name}` | {_cell(form)} |"


def refused() -> Iterator[str]:
    """Yield the statements and expressions that a kernel cannot have."""
    for reason in reference.refused():
        yield f"- {reason[0].upper()}{reason[1:]}."


def differences() -> Iterator[str]:
    """Yield where the simulator and Triton differ, as its tests found."""
    text = CONFORMANCE.read_text("utf-8")
    start = text.index("## ")
    listed = text.index(LISTED)
    yield text[start:listed]
    yield text[text.index("## ", listed + len(LISTED)) :]


MARKERS: dict[str, Callable[[], Iterator[str]]] = {
    "functions": functions,
    "dtypes": dtypes,
    "blocks": blocks,
    "instead": instead,
    "refused": refused,
    "differences": differences,
}


def _code(call: str) -> str:
    """Return a call as code that breaks between its parameters on a small screen."""
    name, _, parameters = call.partition("(")
    pieces = f"{name}({parameters}".split(", ")
    return " ".join([*(f"`{piece},`" for piece in pieces[:-1]), f"`{pieces[-1]}`"])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
