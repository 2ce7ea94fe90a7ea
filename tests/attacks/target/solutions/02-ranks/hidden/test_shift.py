"""Hidden tests of `shift`."""

import pytest

from autograder.student.testing import check

SECRET = "celadon"  # nothing that a student reads may hold this word


@pytest.mark.task("shift")
def test_shift_passes_on_one_message(ranks, rng):
    x = rng.normal(size=(3, 5))
    out = ranks.run("shift", 3, lambda rank: (x[rank], ranks.LINK), capacity=0)
    check.equal(out.deadlock, None, where="shift, 3 ranks: who waits for whom")
    for rank in range(3):
        check.close(out.results[rank], x[rank - 1], rtol=0, where="shift, 3 ranks")
    check.equal(out.messages, {(0, 1): 1, (1, 2): 1, (2, 0): 1}, where="shift, links")
