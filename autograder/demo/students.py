"""The bundled class: people whose names break careless software."""

from __future__ import annotations

import csv
import io

#: Id, first name, last name.
STUDENTS = (
    ("ada", "Ada", "Okonkwo"),
    ("bob.oneil", 'Robert "Bob"', "O'Neil"),
    ("chloe", "Chloë", "Müller-Lüdenscheidt"),
    ("dang", "Đặng", "Nguyễn Thị Minh"),
    ("elif", "Elif", "Işık"),
    ("farid", "فرید", "کریمی"),
    ("giulia", "Giulia", "D'Amico, PhD"),
    ("haruto", "陽翔", "佐藤"),
    ("ines", "Inês", "=SUM(A1)"),
    ("jan", "Jan", "van der Berg"),
    ("kwame", "Kwame", "Mensah"),
    ("lena", "Lena", "Null"),
    ("maria", "María José", "García Ñuñez"),
    ("noor", "Noor", "Al-Sayed"),
)


def roster_csv() -> str:
    """Return the class list in nbgrader's columns."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("id", "first_name", "last_name", "email"))
    for id_, first, last in STUDENTS:
        writer.writerow((id_, first, last, f"{id_}@example.org"))
    return text.getvalue()
