"""CSV tables: written so that a spreadsheet shows them, read as other systems write."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.student.report import CourseError

#: A number, or a sign alone, computes nothing and is what other systems read.
_PLAIN = re.compile(r"[+-]?(\d+([.,]\d+)?%?)?")
_FIELD_START = re.compile(r"((?:^|;)[\s\"]*)(?=[=+\-@＝＋－＠])")


@dataclass(frozen=True)
class Table:
    """A CSV table that another system wrote."""

    path: Path
    header: list[str]
    rows: list[list[str]]  # each as long as the header


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a CSV table that a spreadsheet shows rather than runs.

    Text that starts like a formula gets an apostrophe in front, and line breaks
    and other control characters become blanks; numbers stay numbers.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([_cell(title) for title in header])
    writer.writerows([_cell(value) for value in row] for row in rows)
    return stream.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, int):
        return value
    text = re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029]+", " ", str(value))
    if _PLAIN.fullmatch(text.strip()):
        return text
    # Where people write a decimal comma, a spreadsheet begins a field at a semicolon.
    return _FIELD_START.sub(r"\1'", text)


def number_text(value: float) -> str:
    """Return a number with four decimals at most, and a point whatever the locale."""
    text = f"{value:.4f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def read_table(path: Path) -> Table:
    """Read a CSV file in UTF-8, with or without a byte order mark.

    Its fields may be separated by semicolons, as Canvas does where people write a
    decimal comma.

    Raises:
        CourseError: it cannot be read, or is no table.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            first = stream.readline()
            stream.seek(0)
            separator = ";" if first.count(";") > first.count(",") else ","
            rows = [row for row in csv.reader(stream, delimiter=separator) if row]
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise CourseError(f"{path} is not a CSV file in UTF-8: {error}") from None
    if not rows:
        raise CourseError(f"{path} is empty")
    header, *rest = rows
    width = len(header)
    fitted = [[*row, *[""] * (width - len(row))][:width] for row in rest]
    return Table(path, header, fitted)
