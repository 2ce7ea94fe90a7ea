"""Timing against PyTorch's attention: on the processor here, on a GPU where one is."""

from __future__ import annotations

import pytest

from autograder.student.lab import timing
from autograder.student.lab.timing import Timing, against_torch

SHAPE = (1, 2, 64, 16)


def attention(q, k, v, causal=False):
    """Compute attention with torch, as a host function would call its kernel."""
    torch = pytest.importorskip("torch")
    q, k, v = (x.transpose((0, 1, 2, 3)) for x in (q, k, v))
    s = q @ k.transpose(2, 3) * q.shape[3] ** -0.5
    if causal:
        s = s.masked_fill(torch.ones(s.shape[2:]).triu(1).bool(), float("-inf"))
    return s.softmax(dim=3) @ v, s.logsumexp(dim=3)


def test_times_both_and_tells_the_ratio():
    found = against_torch(attention, shape=SHAPE, dtype="float32", repeats=2, on="cpu")
    assert isinstance(found, Timing)
    assert found.yours_ms > 0
    assert found.torch_ms > 0
    assert f"ratio {found.yours_ms / found.torch_ms:.2f}" in str(found)


def test_refuses_to_time_a_wrong_kernel():
    with pytest.raises(ValueError, match="the results differ"):
        against_torch(
            attention, causal=True, shape=SHAPE, dtype="float32", repeats=1, on="cpu"
        )


def test_counts_half_of_the_work_when_causal():
    full, half = (Timing((1, 1, 1000, 50), c, 1.0, 1.0) for c in (False, True))
    assert full.yours_tflops == pytest.approx(0.2)
    assert half.yours_tflops == pytest.approx(0.1)


def test_says_so_where_there_is_no_gpu(monkeypatch):
    monkeypatch.setattr(timing, "has_gpu", lambda: False)
    assert "no GPU here" in against_torch(attention)
