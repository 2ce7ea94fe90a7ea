"""Reads the class list, and finds in it who sent what arrived.

``students.csv`` has a line a student, in nbgrader's columns and one of ours::

    id,first_name,last_name,email,lms_user_id,aliases
    ada,Ada,Lovelace,ada@example.org,4711,ada-l;1234567

Only ``id`` is needed. ``aliases`` holds other names under which a student's work
arrives, separated by semicolons: a GitHub user name, Moodle's participant number.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from autograder.classroom.arrivals.naming import Form, Sender
from autograder.classroom.records import Roster, Student, is_student_id
from autograder.student.notebook.submission import printable
from autograder.student.report import CourseError, CourseFaults

_COLUMNS = ("first_name", "last_name", "email", "lms_user_id")


def read_roster(path: Path) -> Roster:
    """Read a class list; a missing file is an empty list.

    Raises:
        CourseError: the file is no CSV table with one column ``id``.
        CourseFaults: rows of it are wrong; each fault names its line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        faults: list[tuple[int, str]] = []
        rows = list(_rows(path, text, faults))
    except (FileNotFoundError, NotADirectoryError):
        return Roster()
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise CourseError(
            f"{path}, line {line} is not in UTF-8: save it as CSV in UTF-8"
        ) from None
    except csv.Error as error:
        raise CourseError(f"{path} is not a CSV file: {error}") from None
    faults += _clashes(rows)
    if faults:
        told = [f"{path}, line {line}: {fault}" for line, fault in sorted(faults)]
        count = "a fault" if len(told) == 1 else f"{len(told)} faults"
        raise CourseFaults(f"{path} has {count}, told above; nothing was done", told)
    return Roster({student.id: student for _, student in rows})


def roster_csv(roster: Roster) -> str:
    """Return a class list as `read_roster` reads it."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("id", *_COLUMNS, "aliases"))
    for student in roster.students.values():
        values = (getattr(student, column) for column in _COLUMNS)
        table.writerow((student.id, *values, ";".join(student.aliases)))
    return text.getvalue()


def _rows(
    path: Path, text: str, faults: list[tuple[int, str]]
) -> Iterator[tuple[int, Student]]:
    """Yield each student with the line it ends in; tell what is wrong of a row."""
    first = text.partition("\n")[0]
    delimiter = next((sign for sign in ",;\t" if sign in first), ",")
    table = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    table.fieldnames = [name.strip().lower() for name in table.fieldnames or ()]
    if "id" not in table.fieldnames:
        told = printable(first.strip())
        raise CourseError(
            f"{path} has no column called id" + (f", but {told!r}" if told else "")
        )
    for title in ("id", *_COLUMNS, "aliases"):
        if table.fieldnames.count(title) > 1:
            raise CourseError(f"{path} has more than one column called {title}")
    for row in table:
        line = table.line_num
        if None in row:
            fault = "more fields than columns: put a field with a comma in quotes"
            faults.append((line, fault))
            continue
        values = {key: _plain(value or "") for key, value in row.items()}
        if any("\n" in value for value in values.values()):
            fault = "a field goes on over several lines: a quote opens and never closes"
            faults.append((line, fault))
            continue
        if any(unicodedata.category(s) == "Cc" for s in "".join(values.values())):
            faults.append((line, "a field holds control characters"))
            continue
        if not any(values.values()):
            continue
        if not is_student_id(values["id"]):
            fault = (
                f"{printable(values['id'])!r} is not a student id: use letters, digits,"
                " blanks and . @ + - _ '"
            )
            faults.append((line, fault if values["id"] else "there is no id"))
            continue
        aliases = map(str.strip, values.get("aliases", "").split(";"))
        first, last, email, user = (values.get(column, "") for column in _COLUMNS)
        others = tuple(filter(None, aliases))
        yield line, Student(values["id"], first, last, email, user, others)


def _clashes(rows: Iterable[tuple[int, Student]]) -> Iterator[tuple[int, str]]:
    """Tell of each id, address and alias that two rows have."""
    held: dict[str, int] = {}
    for line, student in rows:
        for what, value in _identifiers(student):
            other = held.setdefault(_folded(value), line)
            if other != line:
                yield line, f"{what} {printable(value)!r} is in line {other} as well"


def _identifiers(student: Student) -> Iterator[tuple[str, str]]:
    """Yield what is one student's alone, and what it is called."""
    yield "id", student.id
    for what, value in (
        ("email", student.email),
        ("lms_user_id", student.lms_user_id),
        *(("alias", alias) for alias in student.aliases),
    ):
        if value:
            yield what, value


class Recogniser:
    """Finds in a class list who sent something."""

    def __init__(self, roster: Roster) -> None:
        """Prepare for the students of a list."""
        self._known: dict[str, Student] = {}
        self._aliases: dict[str, Student] = {}
        self._users: dict[str, Student] = {}
        self._named: defaultdict[str, list[Student]] = defaultdict(list)
        for student in roster.students.values():
            for _, value in _identifiers(student):
                self._known[_folded(value)] = student
            for alias in student.aliases:
                self._aliases[_folded(alias)] = student
            if student.lms_user_id:
                self._users[student.lms_user_id] = student
            first, last = student.first_name, student.last_name
            for name in {_letters(first + last), _letters(last + first)} - {""}:
                self._named[name].append(student)

    def find(self, sender: Sender, other_names: Iterable[str] = ()) -> Student | str:
        """Return the student, or a sentence that says why there is none.

        Args:
            sender: What the platform says. Canvas's number is ``lms_user_id``; Moodle's
                is one of this assignment alone, so it counts only as an alias.
            other_names: Names to try before the sender's.
        """
        user = sender.user_id
        if user:
            known = self._users if sender.form is Form.CANVAS else {}
            student = known.get(user) or self._aliases.get(_folded(user))
            if student is not None:
                return student
        for name in (*other_names, sender.name):
            if _folded(name) in self._known:
                return self._known[_folded(name)]
        people = self._named.get(_letters(sender.name), [])
        if sender.form is Form.CANVAS:  # somebody else of that name has another number
            people = [student for student in people if not student.lms_user_id]
        if len(people) == 1:
            return people[0]
        if people:
            ids = " and ".join(student.id for student in people)
            number = f", e.g. {user}" if user else ""
            return f"this may be {ids}: tell them apart by an alias{number}"
        return "not in the class list"


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text.strip()).replace("\t", " ")


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _letters(name: str) -> str:
    """Return the letters and digits of a name, as Canvas writes it into a file's."""
    text = unicodedata.normalize("NFKC", name).casefold()
    return "".join(sign for sign in text if sign.isalnum())
