"""Hidden tests of `scaled`."""

import numpy as np
import pytest

from autograder.student.testing import check


@pytest.mark.task("scaled")
def test_scaled_multiplies_each_element(meter, rng):
    x = rng.standard_normal(100).astype(np.float32)
    m = meter.run("scaled", x, 3.0)
    check.close(m.outputs, 3 * x, rtol=1e-6, where="scaled, 100 elements")
    check.equal(m.races, [], where="scaled: races")
    check.at_most(m.loaded_bytes, 400, where="scaled: loaded", unit="bytes")
