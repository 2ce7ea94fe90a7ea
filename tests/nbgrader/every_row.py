"""Every row of every table of a gradebook, comparable with another gradebook's."""

from __future__ import annotations

from typing import Any

from sqlalchemy import MetaData, create_engine

#: Tables whose rows have numbers at random, and the columns that name a row instead.
_NAMED = {
    "assignment": ("name",),
    "notebook": ("assignment_id", "name"),
    "base_cell": ("notebook_id", "type", "name"),
    "submitted_assignment": ("assignment_id", "student_id"),
    "submitted_notebook": ("assignment_id", "notebook_id"),
}
#: Tables whose rows have names of their own, and no numbers.
_OWN_NAMES = ("student", "course")


def every_row(address: str) -> dict[str, list[tuple[str, ...]]]:
    """Return the rows of each table, sorted, with names for numbers."""
    engine = create_engine(address)
    try:
        tables = MetaData()
        tables.reflect(engine)
        with engine.connect() as connection:
            rows = {
                name: [dict(r) for r in connection.execute(table.select()).mappings()]
                for name, table in tables.tables.items()
            }
    finally:
        engine.dispose()
    names: dict[Any, str] = {}
    for table, columns in _NAMED.items():
        for row in rows[table]:
            words = (str(names.get(row[column], row[column])) for column in columns)
            names[row["id"]] = f"{table} {' / '.join(words)}"
    return {
        table: sorted(
            tuple(
                f"{column}={names.get(value, value)}"
                for column, value in sorted(row.items())
                if column != "id" or table in _OWN_NAMES
            )
            for row in rows[table]
        )
        for table in rows
    }
