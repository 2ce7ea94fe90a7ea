# %% tags=["setup"]
import torch  # noqa: F401
from torch import nn


# %% tags=["task"] task="weigh"
def weigh(x):
    """Return the softmax of each row of x, a tensor, in its dtype."""
    raise NotImplementedError("weigh: target")


# %% tags=["task"] task="follow"
def follow(model, tokens, n):
    """Add n tokens greedily to tokens (T,) by n calls, model(tokens) -> (T, V)."""
    raise NotImplementedError("follow: target")


# %% tags=["task"] task="Head"
class Head(nn.Module):
    """A linear map of d numbers, weight `w1.weight`; the identity at first."""

    def __init__(self, d):
        raise NotImplementedError("Head: target")


# %% tags=["task"] task="slope"
def slope(f, x):
    """Return the gradient of f, a scalar function of a tensor, at x."""
    raise NotImplementedError("slope: target")
