"""Renders grades as the tables that Canvas and Moodle import.

Both know students and assignments by numbers of their own, which are in the tables that
they export: given such a table, its rows and columns are filled in.

Sources: Canvas, ``lib/gradebook_importer.rb``; Moodle,
``mod/assign/feedback/offline/importgradeslib.php``.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from autograder.classroom.csv_table import Table, csv_text, number_text
from autograder.classroom.grades import Grade, Grades
from autograder.classroom.records import Student
from autograder.classroom.standing import Part
from autograder.classroom.wording import late_text, number, task_feedback
from autograder.student.lesson import Course
from autograder.student.report import CourseError, gettext

_CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
#: Canvas finds this row by its name; the blanks are how it writes it.
_POSSIBLE = "Points Possible"
_CANVAS_ASSIGNMENT = re.compile(r"(?P<title>.*\S)\s*\((?P<id>\d+)\)")

_MOODLE = (
    "Identifier",
    "Full name",
    "Email address",
    "Grade",
    "Maximum Grade",
    "Last modified (grade)",
    "Feedback comments",
)
_NEEDED = ("Identifier", "Grade", "Last modified (grade)")
#: No time is older: Moodle then keeps what was graded there, unless told otherwise.
_NEVER = "-"


@dataclass(frozen=True)
class Export:
    """A table to import, and what the instructor should know of it."""

    text: str
    notes: tuple[str, ...] = ()


def canvas_csv(
    grades: Grades, course: Course, theirs: Table | None = None, column: str = ""
) -> Export:
    """Return Canvas's gradebook import: one row a student, one column a lesson.

    A student who handed nothing in has an empty field, and so has a lesson that the
    grader could not finish; in Canvas's own table what stands there is kept.

    Args:
        grades: what to export.
        course: whose titles Canvas's columns may bear.
        theirs: the gradebook as Canvas exports it. Without it, Canvas finds students by
            their SIS ids and an assignment that is called like the lesson.
        column: what the assignment is called in Canvas, with or without its number, if
            not like its lesson.

    Raises:
        CourseError: ``theirs`` is no such table, or one column is for several lessons.
    """
    lessons = grades.lessons
    if column and len(lessons) != 1:
        names = ", ".join(lessons)
        raise CourseError(f"--column is of one lesson: choose by --lesson ({names})")
    if theirs is not None:
        return _canvas_filled(grades, course, theirs, column)
    rows: list[list[object]] = [
        [f"    {_POSSIBLE}", "", "", "", "", *map(grades.max_points, lessons)]
    ]
    for key in grades.students:
        student = grades.roster[key]
        # A number of another system would name somebody else, or nobody.
        own = student.lms_user_id if student.lms_user_id.isdecimal() else ""
        points = [_points(grades.of(key, lesson)) for lesson in lessons]
        rows.append([_canvas_name(student), own, key, key, "", *points])
    return Export(csv_text([*_CANVAS, *([column] if column else lessons)], rows))


def _canvas_name(student: Student) -> str:
    names = [part for part in (student.last_name, student.first_name) if part]
    name = ", ".join(names) or student.id
    # By this name it would be taken for the row of the points possible.
    return student.id if _POSSIBLE in name else name


def _canvas_filled(
    grades: Grades, course: Course, theirs: Table, column: str
) -> Export:
    header = theirs.header
    if "Section" not in header or header[:2] != ["Student", "ID"]:
        raise CourseError(
            f"{theirs.path} is not a gradebook that Canvas exported: it begins with"
            " Student, ID and has a Section"
        )
    notes = []
    information = header.index("Section") + 1
    columns: dict[str, int] = {}
    for lesson in grades.lessons:
        found = [
            place
            for place in range(information, len(header))
            if (
                column in _names_of(header[place])
                if column
                else _is_called(header[place], lesson, course)
            )
        ]
        if len(found) == 1:
            columns[lesson] = found[0]
        else:
            count = "no" if not found else "more than one"
            called = column or lesson
            notes.append(f"{called}: {count} column of {theirs.path.name} is called so")
    if not columns:
        raise CourseError(f"{'; '.join(notes)}; name one with --lesson and --column")
    kept = [*range(information), *columns.values()]
    known = _Known(grades)
    rows: list[list[object]] = []
    for row in theirs.rows:
        cells: list[object] = [row[place] for place in kept]
        person = dict(zip(header, row, strict=True))
        if _POSSIBLE in row[0]:
            notes += _differing(grades, columns, row)
        else:
            key = known.find(
                person.get("SIS User ID", ""),
                person.get("SIS Login ID", ""),
                number=person["ID"],
            )
            if key is not None:
                for at, lesson in enumerate(columns, information):
                    points = _points(grades.of(key, lesson))
                    cells[at] = cells[at] if points == "" else points
        rows.append(cells)
    notes += known.unfound(theirs)
    return Export(csv_text([header[place] for place in kept], rows), tuple(notes))


def _names_of(title: str) -> tuple[str, str]:
    """Return what an assignment is called, with Canvas's number and without."""
    match = _CANVAS_ASSIGNMENT.fullmatch(title.strip())
    return title.strip(), match["title"] if match else title.strip()


def _is_called(title: str, lesson: str, course: Course) -> bool:
    name = _names_of(title)[1].casefold()
    own = course.lesson(lesson).title.casefold() if lesson in course.ids else lesson
    return name == own or re.search(rf"\b{re.escape(lesson)}\b", name) is not None


def _differing(
    grades: Grades, columns: dict[str, int], row: Sequence[str]
) -> Iterator[str]:
    for lesson, place in columns.items():
        most = number_text(grades.max_points(lesson))
        if _number(row[place]) != float(most):
            yield f"{lesson}: {row[place]} points possible there, {most} here"


def moodle_csv(grades: Grades, theirs: Table | None = None) -> Export:
    """Return Moodle's offline grading worksheet of one lesson.

    Args:
        grades: what to export, of one lesson.
        theirs: the worksheet as Moodle gives it. Moodle knows a submission by a number
            that is nowhere else; without the worksheet nobody has one, and the rows are
            for the import of Moodle's gradebook, which goes by address.

    Raises:
        CourseError: there are several lessons, or ``theirs`` is no worksheet.
    """
    lessons = grades.lessons
    if len(lessons) != 1:
        names = ", ".join(lessons)
        raise CourseError(f"a worksheet is of one lesson: choose by --lesson ({names})")
    (lesson,) = lessons
    if theirs is not None:
        return _moodle_filled(grades, lesson, theirs)
    rows: list[list[object]] = []
    for key in grades.students:
        student, grade = grades.roster[key], grades.of(key, lesson)
        rows.append(
            [
                "",
                student.full_name,
                student.email,
                _points(grade),
                grades.max_points(lesson),
                _NEVER,
                _comments(grade),
            ]
        )
    note = (
        "no participant's numbers: import it under Grades, by address, or give the"
        " assignment's worksheet with --into"
    )
    return Export(csv_text(_MOODLE, rows), (note,))


def _moodle_filled(grades: Grades, lesson: str, theirs: Table) -> Export:
    header = theirs.header
    for title in _NEEDED:
        if title not in header:
            raise CourseError(
                f"{theirs.path} has no column {title!r}: download Moodle's grading"
                " worksheet with the language set to English"
            )
    rows, notes = [], []
    places = {title.casefold(): place for place, title in enumerate(header)}
    named = places.get("full name")
    known = _Known(grades, [] if named is None else [row[named] for row in theirs.rows])
    most = grades.max_points(lesson)
    allowed = places.get("maximum grade", -1)
    if allowed >= 0 and any(_number(row[allowed]) != most for row in theirs.rows):
        there = theirs.rows[0][allowed]
        notes.append(
            f"{lesson}: maximum grade {there} in Moodle, {number_text(most)} here;"
            " Moodle skips grades above its own"
        )
    for row in theirs.rows:
        cells: list[object] = [*row]
        person = dict(zip((title.casefold() for title in header), row, strict=True))
        key = known.find(
            person.get("username", ""),
            person.get("id number", ""),
            person.get("email address", ""),
            full_name=person.get("full name", ""),
        )
        grade = None if key is None else grades.of(key, lesson)
        if grade is not None and grade.is_graded:
            cells[places["grade"]] = _points(grade)
            if "feedback comments" in places:
                cells[places["feedback comments"]] = _comments(grade)
        rows.append(cells)
    notes += known.unfound(theirs)
    return Export(csv_text(header, rows), tuple(notes))


class _Known:
    """Our students, by what another system calls them."""

    def __init__(self, grades: Grades, full_names: Iterable[str] = ()) -> None:
        """Know the students of some grades; there, people have these full names."""
        count = Counter(map(_folded, full_names))
        # Of two people of one name there, either may be who has that name here.
        self._shared = {name for name, number in count.items() if number > 1}
        self._numbers: dict[str, str] = {}
        self._names: dict[str, str | None] = {}
        self._left = {grade.student for grade in grades}
        for key in grades.students:
            student = grades.roster[key]
            if student.lms_user_id:
                self._numbers[student.lms_user_id] = key
            for name in {student.email.casefold(), student.full_name.casefold()}:
                # Of two students of one name neither is found by it.
                self._names[name] = None if name in self._names else key
        # An id is nobody else's, whatever others are called.
        self._names |= {key.casefold(): key for key in grades.students}

    def find(self, *names: str, number: str = "", full_name: str = "") -> str | None:
        """Return the student of that number there, or else of the first known name."""
        if _folded(full_name) not in self._shared:
            names = (*names, full_name)
        found = [self._numbers.get(number.strip())]
        found += [self._names.get(_folded(name)) for name in names if name]
        key = next(filter(None, found), None)
        self._left.discard(key or "")
        return key

    def unfound(self, theirs: Table) -> Iterable[str]:
        """Yield a sentence on those with grades whom the table does not name."""
        if self._left:
            names = ", ".join(sorted(self._left))
            yield f"{theirs.path.name} names nobody who is {names}: left out"


def _folded(name: str) -> str:
    return name.strip().casefold()


def _points(grade: Grade | None) -> object:
    """Return the points that count; empty is not graded, which is not zero."""
    graded = grade is not None and grade.is_graded
    return float(grade.standing.points) if grade and graded else ""


def _number(text: str) -> float:
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return -1.0


def _comments(grade: Grade | None) -> str:
    """Return what a student should read, as the HTML that Moodle takes it for."""
    if grade is None:
        return ""
    if not grade.is_graded:
        return gettext("The grader failed. This is not your fault.")
    lines = [line for part in grade.standing.parts for line in _part_lines(grade, part)]
    if grade.standing.penalty:
        lines.append(late_text(grade.standing.penalty))
    return "<br>".join(map(html.escape, lines))


def _part_lines(grade: Grade, part: Part) -> Iterator[str]:
    task = grade.task(part.name)
    if task is not None:
        yield from task_feedback(task).splitlines()
    points, most = number(part.points), number(part.max_points)
    if part.manual is not None or (part.auto is not None and part.points != part.auto):
        text = gettext("{part}, as a person graded it: {points} / {most}")
        yield text.format(part=part.name, points=points, most=most)
    elif task is None and part.auto is None:
        text = gettext("{part}: waits for a person ({most} points)")
        yield text.format(part=part.name, most=most)
    elif task is None:
        yield f"{part.name}: {points} / {most}"
    if part.comment:
        yield from part.comment.splitlines()
