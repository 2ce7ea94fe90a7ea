"""Draws where an array differs from what was expected, and says the same in words.

A cell is one element, or the worst of a block where there are too many. The drawing
has no colours of its own but one, so that it is read on light and on dark.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from autograder.student.report import gettext

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

_MOST = 64  # cells along an axis
_SIZE = 7  # of a cell, in pixels
_WRONG = "#d1495b"
_STEPS = ((100.0, 1.0), (10.0, 0.7), (1.0, 0.45))  # times the allowance, opacity


class Drawing(Protocol):
    """A picture of what went wrong, and a sentence that says the same."""

    @property
    def text(self) -> str:
        """The sentence."""

    def html(self) -> str:
        """Return both as a piece of a page."""


@dataclass(frozen=True)
class ErrorMap:
    """How far each element is off, in units of what is allowed."""

    where: str
    excess: Floats  # above 1 is wrong; at least one axis

    @property
    def page(self) -> Floats:
        """The two last axes, at the worst place of the others."""
        if self.excess.ndim == 1:
            return self.excess[None]
        worst = np.unravel_index(int(np.argmax(self.excess)), self.excess.shape)
        page: Floats = self.excess[worst[:-2]]
        return page

    @property
    def text(self) -> str:
        """Where it is wrong, in one sentence."""
        wrong = self.page > 1
        rows, columns = (_span(wrong.any(axis=axis)) for axis in (1, 0))
        n, size = int((self.excess > 1).sum()), self.excess.size
        count = gettext("{n} of {size} values are wrong").format(n=n, size=size)
        if self.excess.ndim == 1:
            place = gettext("elements {columns}").format(columns=columns)
        else:
            place = gettext("rows {rows}, columns {columns}")
            place = place.format(rows=rows, columns=columns)
        if self.excess.ndim > 2:
            worst = np.unravel_index(int(np.argmax(self.excess)), self.excess.shape)
            at = ", ".join(str(int(i)) for i in worst[:-2])
            place += gettext(", shown at [{at}]").format(at=at)
        most = float(self.excess.max())
        times = gettext("; the worst is {n:.0f} times the allowance").format(n=most)
        return f"{count}: {place}{times if np.isfinite(most) else ''}"

    def html(self) -> str:
        """Return the drawing with its sentence, as one figure."""
        cells = _reduced(self.page)
        height, width = (_SIZE * n for n in cells.shape)
        text = html.escape(f"{self.where}: {self.text}")
        shapes = "".join(_shapes(cells))
        return (
            '<figure style="margin:.5em 0">'
            f'<svg role="img" aria-label="{text}" width="{width}" height="{height}"'
            f' viewBox="0 0 {width} {height}" style="max-width:100%;height:auto">'
            f'<rect width="{width}" height="{height}" fill="currentColor"'
            f' fill-opacity=".12"/>{shapes}</svg>'
            f"<figcaption><small>{text}</small></figcaption></figure>"
        )


def _span(wrong: ArrayLike) -> str:
    """Name the first and the last of what is wrong, out of how many."""
    places = np.flatnonzero(np.asarray(wrong))
    first, last = int(places[0]), int(places[-1])
    text = gettext("{first} to {last} of {all}")
    if first == last:
        text = gettext("{first} of {all}")
    return text.format(first=first, last=last, all=np.size(wrong))


def _reduced(page: Floats) -> Floats:
    """Take the worst of each block, so that a page has few cells."""
    for axis, size in enumerate(page.shape):
        step = -(-size // _MOST)
        page = np.maximum.reduceat(page, range(0, size, step), axis=axis)
    return page


def _shapes(cells: Floats) -> Iterator[str]:
    """Yield a rectangle for each run of cells that are equally wrong."""
    for y, row in enumerate(cells):
        shades = [_shade(float(value)) for value in row]
        start = 0
        for x in range(1, len(shades) + 1):
            if x < len(shades) and shades[x] == shades[start]:
                continue
            if shades[start]:
                yield (
                    f'<rect x="{_SIZE * start}" y="{_SIZE * y}"'
                    f' width="{_SIZE * (x - start)}" height="{_SIZE}"'
                    f' fill="{_WRONG}" fill-opacity="{shades[start]}"/>'
                )
            start = x


def _shade(excess: float) -> float:
    return next((opacity for least, opacity in _STEPS if excess > least), 0.0)
