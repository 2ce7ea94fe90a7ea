"""What a warm server and its forks owe to torch, in lessons that need it."""

from __future__ import annotations

from typing import Any

import torch


def warm_up() -> None:
    """Import what is slow to import, before anything is forked.

    An optimizer and `torch.func` bring their compiler, which takes longer than any
    test may.
    """
    torch.set_num_threads(1)  # before any op: threads do not survive a fork
    weight = torch.nn.Parameter(torch.ones(2, 2))
    torch.optim.SGD([weight], lr=0.1)
    torch.nn.functional.cross_entropy(weight, torch.tensor([0, 1])).backward()
    torch.func.grad(torch.sum)(torch.ones(2))
    from autograder.lab import lm

    lm.load()


def settings() -> tuple[bool, Any]:
    """Return the switches that a test may leave as the next must not find them."""
    return torch.is_grad_enabled(), torch.get_default_dtype()


def restore(kept: tuple[bool, Any]) -> None:
    """Put the switches back."""
    torch.set_grad_enabled(kept[0])
    torch.set_default_dtype(kept[1])
