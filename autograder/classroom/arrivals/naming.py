"""The names that learning platforms give to what they pack for a teacher.

Where the rules come from:

* Canvas, "Download Submissions" (``app/models/content_zipper.rb`` of canvas-lms):
  ``lastfirst[_LATE]_USER_ATTACHMENT_FILE``, one file each, the student's sortable name
  in lower case without blanks. Text typed into Canvas is ``lastfirst_USER_text.html``.
  A file handed in again under its old name gets a counter: ``hw-1.py``.
* Moodle, "Download all submissions" (``mod/assign``): a folder
  ``First Last_PARTICIPANT_assignsubmission_file_`` with the files in it; without
  "Download submissions in folders" the same as a prefix of each file. The number tells
  a participant of this one assignment. Text typed into Moodle is ``onlinetext``.
* Blackboard, "Download Assignment File": ``TITLE_USER_attempt_TIME_FILE``, and beside
  the files of each attempt a receipt, ``TITLE_USER_attempt_TIME.txt``.
* Brightspace, "Download" of a dropbox: ``USER-FOLDER - First Last - TIME``, a folder
  or, in older ones, a prefix of each file; and one ``index.html``.
* Gradescope: a folder for each submission, and a file that says whose it is
  (`autograder.classroom.arrivals.gradescope_export`).
* GitHub Classroom (``gh classroom clone student-repos``): a folder
  ``ASSIGNMENT-submissions`` with one clone a student, ``ASSIGNMENT-USERNAME``.
* nbgrader: ``submitted/STUDENT/LESSON/``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import takewhile
from pathlib import PurePosixPath


class Form(StrEnum):
    """A form in which the work of a class arrives."""

    CANVAS = "canvas"
    MOODLE = "moodle"
    BLACKBOARD = "blackboard"
    BRIGHTSPACE = "brightspace"
    GRADESCOPE = "gradescope"
    GITHUB = "github"
    NBGRADER = "nbgrader"
    FOLDER = "folder"  # a file or a folder a student


@dataclass(frozen=True)
class Sender:
    """What an arrival says of who sent it."""

    name: str  # as the platform tells it: smithjohn, John Smith, a user name
    user_id: str = ""  # Canvas's number of the user, Moodle's of the participant, ...
    form: Form = Form.FOLDER


@dataclass(frozen=True)
class Named:
    """What the name of a file or a folder tells."""

    sender: Sender
    file: str  # the name that the student gave the file; "" of a folder
    late: bool = False
    attachment: int = 0  # grows with each file that Canvas takes in
    is_typed: bool = False  # text typed into the platform, or a link
    attempt: str = ""  # equal for what was handed in at once, where the name tells


_CANVAS = re.compile(
    r"(?P<name>.+?)(?P<late>_late)?_(?P<user>\d+)"
    r"_(?:(?P<attachment>\d+)_(?P<file>.+)|(?P<typed>text|link)\.html)",
    re.IGNORECASE | re.DOTALL,
)
_MOODLE = re.compile(
    r"(?P<name>.+?)_(?P<user>\d+)_assignsubmission_(?P<kind>[a-z]+)_?(?P<file>.*)",
    re.DOTALL,
)
_BLACKBOARD = re.compile(
    r".+?_(?P<name>[^_]+)_attempt_(?P<when>\d{4}(?:-\d\d){5})"
    r"(?:_(?P<file>.+)|\.txt)",
    re.DOTALL,
)
_BRIGHTSPACE = re.compile(
    r"(?P<user>\d+)-\d+ - (?P<name>.+?) - (?P<when>[^-]+ \d{4} \d{3,4} [AP]M)"
    r"(?: - (?P<file>.+))?",
    re.DOTALL,
)
_INDEX = "index.html"
_COUNTER = re.compile(r"(?P<base>.+)-(?P<number>\d+)(?P<suffix>\.\w+)")
_SMALLEST = 100  # a number of Canvas's attachments: ``hw_1_2_new.py`` is no download
_ANONYMOUS = "participant"  # every student's name where Moodle hides them


def named_by_canvas(name: str) -> Named | None:
    """Read a file's name as Canvas makes it; None if it is no such name."""
    found = _CANVAS.fullmatch(name)
    if found is None:
        return None
    sender = Sender(found["name"], found["user"], Form.CANVAS)
    file = found["file"] or f"{found['typed']}.html"
    late = found["late"] is not None
    typed = found["typed"] is not None
    return Named(sender, file, late, int(found["attachment"] or 0), typed)


def named_by_moodle(name: str) -> Named | None:
    """Read the name of a folder or a file as Moodle makes it."""
    found = _MOODLE.fullmatch(name)
    if found is None:
        return None
    who = found["name"].strip()
    if who.casefold() == _ANONYMOUS:
        who = f"{who} {found['user']}"
    sender = Sender(who, found["user"], Form.MOODLE)
    return Named(sender, found["file"], is_typed=found["kind"] == "onlinetext")


def named_by_blackboard(name: str) -> Named | None:
    """Read a file's name as Blackboard makes it; a receipt is of no file."""
    found = _BLACKBOARD.fullmatch(name)
    if found is None:
        return None
    sender = Sender(found["name"], form=Form.BLACKBOARD)
    return Named(sender, found["file"] or "", attempt=found["when"])


def named_by_brightspace(name: str) -> Named | None:
    """Read the name of a folder or a file as Brightspace makes it."""
    found = _BRIGHTSPACE.fullmatch(name)
    if found is None:
        return None
    sender = Sender(found["name"], found["user"], Form.BRIGHTSPACE)
    return Named(sender, found["file"] or "", attempt=found["when"])


PLATFORMS = {
    Form.MOODLE: named_by_moodle,
    Form.CANVAS: named_by_canvas,
    Form.BLACKBOARD: named_by_blackboard,
    Form.BRIGHTSPACE: named_by_brightspace,
}
#: What names the forms that a platform packs, and no folder of an instructor has.
DOWNLOADS = (*PLATFORMS, Form.GRADESCOPE)
#: Where Gradescope says whose each submission is.
METADATA = "submission_metadata.yml"


def platform_of(names: Iterable[str]) -> Form | None:
    """Return the platform that named most of some files and folders, if one did."""
    names = [name for name in names if name != _INDEX]
    if METADATA in names:
        return Form.GRADESCOPE
    if looks_like_canvas(names):
        return Form.CANVAS
    for form, read in PLATFORMS.items():
        is_sure = form is not Form.CANVAS
        if is_sure and 2 * sum(read(name) is not None for name in names) > len(names):
            return form
    return None


def is_receipt(name: str) -> bool:
    """Return whether Blackboard or Brightspace itself wrote a file."""
    found = named_by_blackboard(name)
    return name == _INDEX or (found is not None and not found.file)


def looks_like_canvas(names: Sequence[str]) -> bool:
    """Return whether most of some files' names are Canvas's."""
    found = [named_by_canvas(name) for name in names]
    sure = [n for n in found if n and (n.is_typed or n.attachment >= _SMALLEST)]
    return 2 * len(sure) > len(names)


def looks_like_moodle(names: Sequence[str]) -> bool:
    """Return whether most of some files' or folders' names are Moodle's."""
    return 2 * sum(named_by_moodle(name) is not None for name in names) > len(names)


def assignment_prefix(names: Sequence[str], parent: str) -> str:
    """Return what stands before the user names of clones: ``hw1-``; "" if unknown.

    Args:
        names: Names of the clones.
        parent: Name of the folder that they are in.
    """
    told = parent.removesuffix("submissions")
    if told not in ("", parent) and all(name.startswith(told) for name in names):
        return told
    if len(names) < 2:
        return ""
    first, last = min(names), max(names)
    alike = (a == b for a, b in zip(first, last, strict=False))
    length = sum(takewhile(bool, alike))
    return first[: first.rfind("-", 0, length) + 1]


def version_of(name: str) -> tuple[str, int]:
    """Return a file's name without Canvas's counter, and the counter: 0 without."""
    found = _COUNTER.fullmatch(name)
    if found is None:
        return name, 0
    return found["base"] + found["suffix"], int(found["number"])


def top_names(paths: Iterable[PurePosixPath]) -> list[str]:
    """Return the names at the top of an archive, from the paths in it."""
    tops = (path.parts[:1] for path in paths)
    return list(dict.fromkeys(part for parts in tops for part in parts))
