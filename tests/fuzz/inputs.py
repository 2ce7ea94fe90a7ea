"""Inputs near valid ones, drawn by Hypothesis: for where atheris is not installed."""

from __future__ import annotations

from hypothesis import strategies as st
from targets import Target

_TOKENS = tuple(
    b"""[ ] { } ( ) " ' \\ , : ; \n \t \r \0 \xff % ! ? # = . - + * @ f" ``` ''' def
    class lambda if else for in import from as global nonlocal return yield await with
    try except raise match case del None 0 1e999 -1 99999999999 NaN \\ud800 \xc3\xa9
    \xef\xbb\xbf \xed\xa0\x80 cells source outputs metadata cell_type code __class__
    __dict__ PK\x01\x02 PK\x03\x04 PK\x05\x06 tl. tl.load tl.dot <<<<<<< =======
    >>>>>>> # %%""".split(b" ")
)
_PIECES = st.sampled_from(_TOKENS) | st.binary(max_size=6)
#: An edit: where (a share of the length), how much goes, what comes, and how often.
_EDITS = st.lists(
    st.tuples(
        st.floats(0, 1), st.integers(0, 40), _PIECES, st.sampled_from([0, 1, 1, 2, 300])
    ),
    max_size=6,
)


def inputs(target: Target) -> st.SearchStrategy[bytes]:
    """Return edited seeds and findings, and now and then mere bytes."""
    known = st.sampled_from(target.beginnings())
    return st.builds(_edited, known, _EDITS) | st.binary(max_size=200)


def _edited(data: bytes, edits: list[tuple[float, int, bytes, int]]) -> bytes:
    for share, gone, piece, times in edits:
        at = int(share * len(data))
        data = data[:at] + piece * times + data[at + gone :]
    return data
