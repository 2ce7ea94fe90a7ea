"""What a test asked of a submission, kept to show a failing case again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

_NOTHING = object()


@dataclass
class Asked:
    """One request, with the values that were sent, and what was answered."""

    kind: str
    parts: tuple[Any, ...]
    value: Any = _NOTHING  # stays so where it raised

    @property
    def raised(self) -> bool:
        """Whether there is no answer."""
        return self.value is _NOTHING

    def gave(self, got: Any) -> bool:
        """Tell whether a value that a check saw is this answer, or a part of it."""
        return got is not None and _holds(self.value, got, 3)


def _holds(value: Any, got: Any, depth: int) -> bool:
    if value is got:
        return True
    if isinstance(value, np.ndarray):
        return (
            isinstance(got, np.ndarray)
            and got.base is not None
            and (got.base is value or got.base is value.base)
        )
    items = value.values() if isinstance(value, dict) else value
    if depth and isinstance(value, (list, tuple, dict)):
        return any(_holds(item, got, depth - 1) for item in items)
    return False
