"""The HTML templates of this package, with everything escaped and translated."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from autograder.classroom.wording import how_marked, number, verdict_word
from autograder.student.report import gettext


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
    environment.filters["how_marked"] = how_marked
    environment.filters["number"] = number
    environment.filters["verdict_word"] = verdict_word
    return environment
