"""Hypothesis strategies: every kind of value that may cross the wall."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | st.text()
    | st.binary()
    | st.fractions()
)
hashable = st.integers() | st.text() | st.tuples(st.integers(), st.booleans())
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(hashable, inner, max_size=4)
        | st.frozensets(hashable, max_size=4)
    ),
    max_leaves=12,
)
dtypes = (
    hnp.floating_dtypes(sizes=(16, 32, 64), endianness="=")
    | hnp.integer_dtypes(endianness="=")
    | hnp.unsigned_integer_dtypes(endianness="=")
    | hnp.boolean_dtypes()
    | hnp.complex_number_dtypes(sizes=(64, 128), endianness="=")
)
texts = hnp.byte_string_dtypes(max_len=3) | hnp.unicode_string_dtypes(
    endianness="=", max_len=3
)
arrays = hnp.arrays(
    dtypes | texts, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0)
)
#: Plain values, arrays of every dtype, and both inside each other.
anything = st.recursive(
    values | arrays | st.sampled_from([range(4), slice(1), 10**400, -(10**400)]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(hashable, inner, max_size=3)
    ),
    max_leaves=6,
)
