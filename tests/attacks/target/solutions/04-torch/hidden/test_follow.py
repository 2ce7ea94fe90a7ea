"""Hidden tests of `follow`."""

import pytest
import torch

from autograder.student.testing import check

SECRET = "celadon"  # nothing that a student reads may hold this word


@pytest.mark.task("follow")
def test_follow_asks_the_model_once_a_token(student, reference, rng):
    table = torch.from_numpy(rng.normal(size=(7, 7)))
    tokens = torch.tensor([3, 1])
    model = check.counted(lambda tokens: table[tokens])
    got = student.follow(model, tokens, 4)
    want = reference.follow(lambda tokens: table[tokens], tokens, 4)
    check.equal(got, want, where="follow, 4 tokens")
    check.equal(model.calls, 4, where="follow, 4 tokens: calls of the model")
