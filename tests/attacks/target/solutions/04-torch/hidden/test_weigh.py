"""Hidden tests of `weigh`."""

import pytest
import torch

from autograder.student.testing import check

SECRET = "celadon"  # nothing that a student reads may hold this word


@pytest.mark.task("weigh")
def test_weigh_keeps_dtype_and_sums_to_one(student, reference, rng):
    x = torch.from_numpy(rng.normal(size=(3, 5))).float()
    got = student.weigh(x)
    check.close(got, reference.weigh(x), rtol=1e-5, where="weigh, 3 rows")
    check.dtype(got, "float32", where="weigh, 3 rows")
    check.close(student.weigh(x[0]).sum(), torch.tensor(1.0), rtol=1e-5, where="a row")
