"""Checks of a chapter's text: its headings, its words, the numbers it claims."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from autograder.student import markdown

MAX_WORDS = 2800  # that a reader meets without unfolding anything
BANNED = ("simply", "just", "obviously")

#: Sections that every chapter has, in this order; others may stand between them.
TEMPLATE = (
    "Predict",
    "Exercise",
    "What the grader looks at",
    "Check yourself",
    "Further reading",
)

_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*\s*$")
_INCLUDE = re.compile(r"^[ \t]*--8<-- .*$", re.MULTILINE)  # a drawing, in its own file
_CLAIM = re.compile(
    r"<span\b[^>]*\bdata-claim=\"([^\"]+)\"[^>]*>(.*?)</span>", re.DOTALL
)


@dataclass(frozen=True)
class Heading:
    """One heading of a chapter."""

    level: int
    text: str
    id: str


@dataclass(frozen=True)
class Chapter:
    """The Markdown text of ``index.md``."""

    text: str

    @cached_property
    def prose(self) -> str:
        """What a reader reads: no front matter, code, mathematics or tags."""
        return _prose(self.text)

    @cached_property
    def words(self) -> int:
        """Number of words of prose, without what is folded away."""
        return len(re.findall(r"[^\W\d_][\w'’-]*", _prose(_unfolded(self.text))))

    @cached_property
    def headings(self) -> tuple[Heading, ...]:
        """Every heading with the id that the website gives it."""
        found: list[Heading] = []
        taken: set[str] = set()
        for line, code in markdown.lines(self.text):
            match = None if code else _HEADING.match(line)
            if match:
                text, id_ = _split_id(match[2])
                id_ = _unique(id_ or slug(text), taken)
                taken.add(id_)
                found.append(Heading(len(match[1]), text, id_))
        return tuple(found)

    @cached_property
    def anchors(self) -> frozenset[str]:
        """Everything that a link into this page can point at."""
        named = re.findall(r"\bid=\"([^\"]+)\"", self.text)
        named += re.findall(r"\{[^}\n]*#([\w-]+)[^}\n]*\}", self.text)
        return frozenset(named) | {heading.id for heading in self.headings}

    @cached_property
    def claims(self) -> list[tuple[str, str]]:
        """Each measured number: its key, and its text as written."""
        return [
            (key, " ".join(html.unescape(text).split()))
            for key, text in _CLAIM.findall(self.text)
        ]


def _prose(text: str) -> str:
    text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
    text = "\n".join(line for line, code in markdown.lines(text) if not code)
    text = _INCLUDE.sub(" ", text)
    text = re.sub(r"<!--.*?-->|<(pre|script|style|svg)\b.*?</\1>", " ", text, flags=16)
    text = re.sub(r"\$\$.*?\$\$|\\\[.*?\\\]", " ", text, flags=re.DOTALL)
    text = re.sub(r"\$[^$\n]+\$|`[^`\n]*`", " x ", text)
    return html.unescape(re.sub(r"<[^>]+>", " ", text))


def _unfolded(text: str) -> str:
    """Leave out blocks such as `??? question`, but for their titles."""
    kept, is_folded = [], False
    for line in text.split("\n"):
        is_folded = is_folded and (not line.strip() or line.startswith("    "))
        if not is_folded:
            kept.append(line)
        is_folded = is_folded or re.match(r"\?\?\?\s", line) is not None
    return "\n".join(kept)


def problems(chapter: Chapter) -> Iterator[str]:
    """Yield what breaks the chapter's template, one sentence each."""
    if chapter.words > MAX_WORDS:
        yield f"index.md: {chapter.words} words, more than {MAX_WORDS}"
    for word in BANNED:
        for match in re.finditer(rf"\b{word}\b", chapter.prose, re.IGNORECASE):
            around = chapter.prose[max(0, match.start() - 30) : match.end() + 20]
            yield f"index.md: the word {word!r} in '...{' '.join(around.split())}...'"
    if [heading.level for heading in chapter.headings].count(1) != 1:
        yield "index.md: needs exactly one heading of level 1"
    sections = [h.text.lower() for h in chapter.headings if h.level == 2]
    position = 0
    for wanted in TEMPLATE:
        places = [i for i, s in enumerate(sections) if s.startswith(wanted.lower())]
        if not places:
            yield f"index.md: the section '## {wanted}' is missing"
        elif places[0] < position:
            yield f"index.md: the section '## {wanted}' stands too early"
        else:
            position = places[0]


def claim_problems(chapter: Chapter, measured: dict[str, str]) -> Iterator[str]:
    """Yield each claimed number that is not what the reference measures."""
    for key, written in chapter.claims:
        if key not in measured:
            yield f"index.md: claim {key!r} is not computed by traces.claims()"
        elif written != measured[key]:
            yield (
                f"index.md: claim {key!r} says {written!r}, measured {measured[key]!r}"
            )
    for key in sorted(measured.keys() - {key for key, _ in chapter.claims}):
        yield f"traces.py: claim {key!r} is used nowhere in index.md"


def slug(text: str) -> str:
    """Return the id that Python-Markdown's ``toc`` makes of a heading."""
    text = re.sub(r"<[^>]+>|[`*$]", "", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = unicodedata.normalize("NFKD", html.unescape(text))
    text = text.encode("ascii", "ignore").decode("ascii")
    text = re.sub(r"[^\w\s-]", "", text).strip().lower()
    return re.sub(r"[-\s]+", "-", text)


def _split_id(text: str) -> tuple[str, str | None]:
    match = re.search(r"\s*\{:?[^}]*#([\w-]+)[^}]*\}\s*$", text)
    return (text[: match.start()], match[1]) if match else (text, None)


def _unique(id_: str, taken: set[str]) -> str:
    number = 1
    unique = id_
    while unique in taken:
        unique = f"{id_}_{number}"
        number += 1
    return unique
