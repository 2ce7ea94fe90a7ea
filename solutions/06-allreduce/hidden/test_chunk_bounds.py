"""Hidden tests of `chunk_bounds`."""

import itertools

import numpy as np
import pytest
from hidden.collectives import sizes

from autograder.student.testing import check

# --- 1. chunk_bounds ----------------------------------------------------------------


def bounds(length, n):
    edges = np.cumsum([0, *sizes(length, n)]).tolist()
    return list(itertools.pairwise(edges))


def check_bounds(student, cases):
    got = [student.chunk_bounds(length, n) for length, n in cases]
    for (length, n), answer in zip(cases, got, strict=True):
        where = f"chunk_bounds of {length} elements in {n} chunks"
        check.equal(answer, bounds(length, n), where=where, look="Chapter, step 1.")


@pytest.mark.task("chunk_bounds", weight=2, core=True)
def test_chunks_of_a_length_that_divides(student):
    check_bounds(student, [(12, 4), (5, 5), (7, 1)])


@pytest.mark.task("chunk_bounds", weight=2, core=True)
def test_chunks_of_a_ragged_length(student):
    check_bounds(student, [(10, 4), (11, 4), (9, 4), (17, 6), (1000003, 7)])


@pytest.mark.task("chunk_bounds", weight=2)
def test_chunks_of_fewer_elements_than_ranks(student):
    check_bounds(student, [(3, 5), (1, 4), (0, 3), (0, 1)])


@pytest.mark.task("chunk_bounds")
def test_chunks_of_an_enormous_length(student):
    check_bounds(student, [(2**60 + 5, 7), (10**17 + 3, 4), (2**70 + 5, 7)])


@pytest.mark.task("chunk_bounds")
def test_chunks_refuse_what_cannot_be_cut(student):
    look = "Chapter, step 1."
    for length, n in ((4, -2), (-1, 2), (-1, 1), (4, 0), (0, 0), (-1, 0)):
        where = f"chunk_bounds of {length} elements in {n} chunks"
        check.raises(
            ValueError, student.chunk_bounds, length, n, where=where, look=look
        )
