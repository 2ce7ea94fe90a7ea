"""Hidden tests of `row_sums`."""

import numpy as np
import pytest

from autograder.student.testing import check


@pytest.mark.task("row_sums")
def test_row_sums_of_small_numbers(meter, rng):
    x = rng.integers(1, 4, (3, 6)).astype(np.float32)
    m = meter.run("row_sums", x)
    check.close(m.outputs, x.sum(1), rtol=1e-6, where="row_sums of 3 rows")
    check.equal(m.races, [], where="row_sums: races")
    check.at_most(m.loaded_bytes, x.nbytes, where="row_sums: loaded", unit="bytes")
