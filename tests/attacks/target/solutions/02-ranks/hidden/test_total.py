"""Hidden tests of `total`."""

import pytest

from autograder.student.testing import check

SECRET = "celadon"  # nothing that a student reads may hold this word


@pytest.mark.task("total")
def test_total_arrives_over_the_links(ranks, rng):
    x = rng.normal(size=(3, 5))
    out = ranks.run("total", 3, lambda rank: (x[rank], ranks.LINK), capacity=0)
    check.equal(out.deadlock, None, where="total, 3 ranks: who waits for whom")
    check.close(out.results[0], x.sum(0), rtol=1e-9, where="total, 3 ranks")
    check.equal(out.sent_bytes, [0, 40, 40], where="total, 3 ranks: bytes sent")
