"""Hidden tests of `Head`."""

import pytest
import torch

from autograder.student.testing import check

SECRET = "celadon"  # nothing that a student reads may hold this word


@pytest.mark.task("Head")
def test_head_is_the_identity_and_takes_weights(student, rng):
    x = torch.from_numpy(rng.normal(size=(2, 3))).float()
    weight = torch.from_numpy(rng.normal(size=(3, 3))).float()
    head = student.Head(3)
    check.close(head(x), x, rtol=1e-6, where="Head(3) at first")
    head.load_state_dict({"w1.weight": weight})
    check.close(head(x), x @ weight.T, rtol=1e-4, atol=1e-5, where="Head(3)")
    check.equal(head.w1.weight, weight, where="Head(3): w1.weight")
