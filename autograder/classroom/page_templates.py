"""The HTML templates of this package, with everything escaped and translated."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from autograder.classroom.discrimination import separates
from autograder.classroom.marks import by_hand
from autograder.classroom.wording import (
    how_marked,
    number,
    task_word,
    verdict_word,
)
from autograder.student.report import gettext, ngettext


def render(template: str, **values: Any) -> str:
    """Fill in one template of ``classroom/templates``."""
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("autograder.classroom"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["_"] = gettext
    environment.globals["ngettext"] = ngettext
    words = (by_hand, how_marked, number, separates, task_word, verdict_word)
    environment.filters |= {word.__name__: word for word in words}
    return environment
