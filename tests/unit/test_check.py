"""Comparators: what they accept, and the three lines that they say."""

from __future__ import annotations

import contextlib
import fractions
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_values import anything

from autograder.student.proxy import StudentError
from autograder.student.testing import check
from autograder.student.testing.check import CheckFailed
from autograder.student.vocabulary import Vocabulary


def said(call, *args, **kwargs):
    with pytest.raises(CheckFailed) as caught:
        call(*args, **kwargs)
    return str(caught.value)


def test_close_names_the_worst_element_and_the_evidence():
    want = np.ones((3, 4))
    got = want.copy()
    got[2, 1], got[0, 0] = 1.5, 1.1
    assert said(check.close, got, want, rtol=1e-6, where="softmax", look="Step 4.") == (
        "softmax, row 2, column 1\n"
        "  got 1.5, expected 1 (error 5.0e-01, allowed 1.0e-06)\n"
        "  2 of 12 values are wrong\n"
        "  Step 4."
    )


def test_close_hides_expected_values_where_the_lesson_says_so():
    with check.revealing(False):
        text = said(check.close, 1.5, 1.0, where="f")
    assert "expected" not in text
    assert "got 1.5" in text


def test_close_treats_nan_and_infinities_as_values():
    nan, inf = np.nan, np.inf
    check.close([nan, inf, -inf], [nan, inf, -inf], where="f")
    assert "error" not in said(check.close, nan, 1.0, where="f")
    for got, want in ((nan, 1.0), (1.0, nan), (inf, 1.0), (-inf, inf), (1.0, inf)):
        said(check.close, got, want, rtol=0.5, atol=0.5, where="f")


@given(st.floats(-1e6, 1e6), st.floats(1e-9, 0.5), st.booleans())
def test_close_accepts_within_and_refuses_beyond_the_tolerance(want, rtol, up):
    allowed = rtol * abs(want)
    sign = 1 if up else -1
    check.close(want + sign * 0.99 * allowed, want, rtol=rtol, where="f")
    if allowed > 1e-9:
        said(check.close, want + sign * 1.01 * allowed, want, rtol=rtol, where="f")


@pytest.mark.parametrize(
    ("got", "part"),
    [
        (None, "is a return missing"),
        ("1.0", "expected numbers"),
        ([[1.0], [1.0, 2.0]], "expected numbers"),
        ({"a": 1}, "expected numbers"),
        (np.ones((2, 1)), "got shape (2, 1), expected (2,)"),
    ],
)
def test_close_explains_wrong_types_and_shapes(got, part):
    assert part in said(check.close, got, np.ones(2), where="f")


def test_close_checks_the_dtype_when_asked():
    text = said(check.close, np.float64(1), 1.0, where="f", dtype=np.float32)
    assert "got dtype float64, expected float32" in text


def test_close_accepts_empty_arrays_of_the_right_shape():
    check.close(np.zeros((0, 3)), np.zeros((0, 3)), where="f")
    said(check.close, np.zeros((0, 2)), np.zeros((0, 3)), where="f")


@pytest.mark.parametrize(
    ("got", "want"),
    [
        (1, True),
        (True, 1),
        ([1], (1,)),
        (1.0, fractions.Fraction(1)),
        ("a", "b"),
        ([1, 2], [1]),
        ({"a": 1}, {"a": 2}),
        (np.array([1]), [1]),
        (None, False),
        ({1: [True]}, {1: [1]}),
    ],
)
def test_equal_refuses_what_only_compares_equal(got, want):
    assert said(check.equal, got, want, where="f").startswith("f\n  got ")


@given(st.recursive(st.integers() | st.text() | st.none(), st.lists, max_leaves=5))
def test_equal_accepts_the_same(value):
    check.equal(value, value, where="f")


def test_equal_accepts_numbers_of_any_width():
    check.equal(np.int32(3), 3, where="f")
    check.equal(3.0, 3, where="f")
    check.equal(float("nan"), float("nan"), where="f")


def test_true_does_not_trust_objects():
    class Yes:
        def __bool__(self):
            return True

        def __call__(self):
            return self

    said(check.true, Yes(), where="f", evidence="no")
    said(check.true, False, where="f", evidence="no")
    check.true(np.bool_(True), where="f", evidence="no")


def test_at_most_states_the_budget():
    check.at_most(10, 10, where="f")
    text = said(check.at_most, 2000, 1000, where="bytes loaded", unit="B")
    assert "2,000 B, more than the budget of 1,000 B" in text
    said(check.at_most, float("nan"), 10, where="f")


def test_counted_keeps_copies_of_arguments():
    f = check.counted(lambda x: x.sum())
    x = np.ones(3)
    assert f(x) == 3
    x[:] = 0
    assert f.calls == 1
    np.testing.assert_array_equal(f.args[0], np.ones(3))


def test_unchanged_compares_bit_for_bit():
    check.unchanged(np.array([np.nan, 1]), [np.nan, 1], where="x")
    said(check.unchanged, np.array([0.0]), [1.0], where="x")


SOURCE = Vocabulary([("cell 5", "def f(x):\n    return Answer(x)\n")])
WANTED = st.sampled_from(
    (
        *(1, 2.5, True, "a", None, 1j, [1, 2], (1, "a"), {"a": 1}, {1}, b"a"),
        *(np.ones(2), np.zeros((0, 3)), np.array(["a"]), np.arange(2), range(3)),
        fractions.Fraction(1),
    )
)
NUMBERS = st.sampled_from([1.0, 0, np.ones((2, 2)), [1.0, np.nan], np.float16(2), 1j])


@given(anything, WANTED, NUMBERS, st.booleans())
def test_a_plain_value_is_right_or_wrong_and_never_an_error_of_ours(
    got, want, numbers, hidden
):
    comparisons = (
        lambda: check.close(got, numbers, rtol=1e-3, where="f"),
        lambda: check.close(got, 1.0, where="f", dtype=np.float32),
        lambda: check.equal(got, want, where="f"),
        lambda: check.equal(got, got, where="f"),
        lambda: check.shape(got, (2,), where="f"),
        lambda: check.dtype(got, np.float64, where="f"),
        lambda: check.true(got, where="f", evidence="no"),
        lambda: check.at_most(got, 10, where="f"),
        lambda: check.raises(ValueError, lambda: got, where="f"),
        lambda: check.unchanged(got, np.ones(2), where="f"),
        lambda: check.plain(got, "f"),
    )
    for compare in comparisons:
        told = contextlib.suppress(CheckFailed, StudentError)  # else this test fails
        with check.quoting(SOURCE if hidden else None), told:
            compare()


@given(anything)
def test_a_value_is_shown_in_one_line_that_quotes_the_source_alone(value):
    with check.quoting(SOURCE):
        text = check.show(value)
    assert len(text) <= 60
    assert "\n" not in text
    allowed = set(dir(__builtins__)) | {"Answer", "return", "def", "f", "x"}
    for word in re.findall(r"'(.*?)'", text):
        assert word == "" or word in SOURCE or word in allowed


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.218123456, "0.2181"),
        (123, "123"),
        (16_777_216, "about 16,780,000"),
        (10**9, "1000000000"),
        (1 << 4000, "an integer of 4001 bits"),
        ("Answer", "'Answer'"),
        ("ValueError", "'ValueError'"),
        ("the hidden input", "a text"),
        (b"hidden", "an object of type bytes"),
        ([1.23456, "secret", (1, 2, 3, 4)], "[1.235, a text, (1, 2, 3, ...)]"),
        (np.arange(9) / 7, "array([0, 0.1429, 0.2857, ...])"),
        (np.ones((2, 3)), "an array of shape (2, 3)"),
        (np.array(["secret"]), "an array of shape (1,)"),
        ({"secret": 1, "x": [[[[5]]]]}, "{a text: 1, 'x': [[...]]}"),
        (fractions.Fraction(123456, 7), "about 123,500/7"),
    ],
)
def test_of_a_hidden_test_four_digits_are_shown_and_no_made_up_word(value, shown):
    with check.quoting(SOURCE):
        assert check.show(value) == shown


def test_comparators_tell_four_digits_where_inputs_are_hidden():
    with check.quoting(SOURCE):
        assert said(check.close, 1.23456789, 1.0, where="f").startswith(
            "f\n  got 1.235, expected 1 ("
        )
        text = said(check.equal, "hidden", "float32", where="f")
        assert text == "f\n  got a text, expected 'float32'"
        text = said(check.dtype, np.array(["abc"]), np.float32, where="f")
        assert "abc" not in text
        text = said(check.at_most, 16_777_216, 16_000_000, where="f", unit="B")
        assert "about 16,780,000 B, more than the budget of 16,000,000 B" in text
