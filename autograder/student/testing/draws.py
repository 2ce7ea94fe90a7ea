"""Random numbers with few digits, so that a failing case can be read and typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

#: The steps that a failing case is tried with, the coarsest first.
STEPS = (1.0, 0.5, 0.25, 0.125)
_DRAWS = ("normal", "random", "standard_normal", "uniform")


class FewDigits(np.random.Generator):
    """Draws what numpy's generator draws with the same seed, rounded to a step."""

    def __init__(self, seed: int, step: float) -> None:
        super().__init__(np.random.PCG64(seed))
        self._step = step

    def round(self, drawn: Any) -> Any:
        """Return the nearest multiples of the step; no minus stands before a zero."""
        return np.round(drawn / self._step) * self._step + 0.0


def generator_of(seed: int, step: float | None) -> np.random.Generator:
    """Return numpy's generator of a seed, or one whose draws are rounded to a step."""
    return np.random.default_rng(seed) if step is None else FewDigits(seed, step)


def _rounded(name: str) -> Callable[..., Any]:
    draw = getattr(np.random.Generator, name)

    def few_digits(self: FewDigits, *args: Any, **kwargs: Any) -> Any:
        return self.round(draw(self, *args, **kwargs))

    return few_digits


for _name in _DRAWS:
    setattr(FewDigits, _name, _rounded(_name))
