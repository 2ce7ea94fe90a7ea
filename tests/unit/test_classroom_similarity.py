"""Similarity: what counts as alike, and what never does."""

from __future__ import annotations

import textwrap

from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.classroom.similarity import similar_pairs

ORIGINAL = textwrap.dedent(
    '''
    def online_softmax(rows, block):
        """Return the softmax of every row."""
        best = np.full(len(rows), -np.inf)
        total = np.zeros(len(rows))
        for start in range(0, rows.shape[1], block):
            tile = rows[:, start : start + block]
            high = np.maximum(best, tile.max(axis=1))
            total = total * np.exp(best - high) + np.exp(tile - high[:, None]).sum(1)
            best = high
        return np.exp(rows - best[:, None]) / total[:, None]

    def spread(values):
        middle = sum(values) / len(values)
        squares = [(value - middle) ** 2 for value in values]
        return (sum(squares) / max(1, len(squares) - 1)) ** 0.5
    '''
)
OTHER = textwrap.dedent(
    """
    def online_softmax(rows, block):
        out = np.empty_like(rows)
        for i, row in enumerate(rows):
            m, l = -np.inf, 0.0
            for piece in np.array_split(row, max(1, len(row) // block)):
                new = max(m, piece.max())
                l *= np.exp(m - new)
                l += float(np.exp(piece - new).sum())
                m = new
            out[i] = np.exp(row - m) / l
        return out

    def spread(values):
        n = len(values)
        if n < 2:
            return 0.0
        first = sum(values)
        second = sum(v * v for v in values)
        return ((second - first * first / n) / (n - 1)) ** 0.5
    """
)
RENAMED = (
    ORIGINAL.replace("best", "m_i")
    .replace("total", "l_i")
    .replace("tile", "qk")
    .replace("values", "xs")
    .replace('"""Return the softmax of every row."""', '"""Mine, all mine."""')
    .replace("for start", "# my own idea\n    for start")
)


def test_renaming_and_comments_hide_nothing() -> None:
    (pair,) = similar_pairs(
        {"ada": [("cell 3", ORIGINAL)], "eve": [("cell 9", RENAMED)]}
    )
    assert (pair.first, pair.second) == ("ada", "eve")
    assert pair.share > 0.9
    assert pair.first_lines[0].startswith("cell 3: ")
    assert pair.second_lines[0].startswith("cell 9: ")


def test_two_ways_of_writing_it_are_not_alike() -> None:
    submissions = {"ada": [("c", ORIGINAL)], "bob": [("c", OTHER)]}
    assert similar_pairs(submissions) == []


def test_splitting_into_cells_hides_nothing() -> None:
    one, two = RENAMED.split("def spread")
    parts = [("cell 1", f"def spread{two}"), ("cell 2", one)]
    (pair,) = similar_pairs({"ada": [("c", ORIGINAL)], "eve": parts})
    assert pair.share > 0.9


def test_the_stub_does_not_count() -> None:
    submissions = {name: [("c", ORIGINAL)] for name in ("ada", "bob")}
    assert similar_pairs(submissions, stub=[("stub", ORIGINAL)]) == []


def test_what_much_of_a_class_writes_does_not_count() -> None:
    submissions = {f"s{n}": [("c", ORIGINAL)] for n in range(12)}
    assert similar_pairs(submissions) == []


def test_too_little_code_says_nothing() -> None:
    short = [("c", "def f(x):\n    return np.exp(x) / np.exp(x).sum()\n")]
    assert similar_pairs({"ada": short, "bob": short}) == []


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_at_all_is_survived(first: str, second: str) -> None:
    similar_pairs({"ada": [("c", first)], "bob": [("c", second)]})
