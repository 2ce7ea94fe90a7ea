# %% tags=["setup"]
import torch
from torch import nn

_SECRET = "amaranth"  # nothing that a student reads may hold this word


# %% tags=["task"] task="weigh"
def weigh(x):
    """Return the softmax of each row of x, a tensor, in its dtype."""
    return x.softmax(-1)


# %% tags=["task"] task="follow"
def follow(model, tokens, n):
    """Add n tokens greedily to tokens (T,) by n calls, model(tokens) -> (T, V)."""
    for _ in range(n):
        tokens = torch.cat([tokens, model(tokens)[-1:].argmax(-1)])
    return tokens


# %% tags=["task"] task="Head"
class Head(nn.Module):
    """A linear map of d numbers, weight `w1.weight`; the identity at first."""

    def __init__(self, d):
        super().__init__()
        self.w1 = nn.Linear(d, d, bias=False)
        nn.init.eye_(self.w1.weight)

    def forward(self, x):
        return self.w1(x)


# %% tags=["task"] task="slope"
def slope(f, x):
    """Return the gradient of f, a scalar function of a tensor, at x."""
    x = x.clone().requires_grad_()
    return torch.autograd.grad(f(x), x)[0]
