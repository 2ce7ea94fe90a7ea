# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% [markdown]
# Right by another road: windows of tokens, gradients asked for one by one, a block that
# is called with a mask, targets made where they are needed, and a decoder that walks.

# %% tags=["setup"]
import math

import torch
from torch import nn
from torch.nn import functional as F

from autograder.lab import lm


# %% tags=["task"] task="mtp_targets"
def mtp_targets(tokens, k, end=None, ignore=-100):
    if k < 1:
        raise ValueError("look at least one token ahead")
    far = tokens.new_full((tokens.shape[0], k), ignore)
    if tokens.shape[1] <= k:
        return torch.full_like(tokens, ignore)
    shifted = torch.cat([tokens[:, k:], far], 1)
    if end is not None:
        windows = (tokens == end).unfold(1, k, 1)[:, : tokens.shape[1] - k]
        over = torch.cat([windows.any(-1), far != far], 1)
        shifted = torch.where(over, ignore, shifted)
    return shifted


# %% tags=["task"] task="sequential_backward"
def one_loss(z, head, unembedding, wanted, ignore):
    kept = wanted != ignore
    logits = (z[kept] + F.silu(z[kept] @ head.T)) @ unembedding.T
    scores = logits.gather(1, wanted[kept][:, None])[:, 0]
    terms = torch.logsumexp(logits, 1) - scores
    return terms.sum() / max(len(terms), 1)


def sequential_backward(z, heads, unembedding, targets, ignore=-100):
    if len(targets) != len(heads):
        raise ValueError("as many targets as heads")
    losses, of_heads = [], []
    of_z, of_shared = z.new_zeros(z.shape), unembedding.new_zeros(unembedding.shape)
    for head, wanted in zip(heads, targets, strict=True):
        leaves = [t.detach().requires_grad_() for t in (z, head, unembedding)]
        loss = one_loss(*leaves, wanted, ignore)
        losses.append(loss.item())
        a, b, c = torch.autograd.grad(loss, leaves)
        of_z, of_shared = of_z + a, of_shared + c
        of_heads.append(b)
    return {
        "losses": losses,
        "z": of_z,
        "heads": of_heads,
        "unembedding": of_shared,
    }


# %% tags=["task"] task="MTPModule"
class MTPModule(nn.Module):
    def __init__(self, d, heads, depth=1):
        if depth < 1:
            raise ValueError("no such depth")
        super().__init__()
        self.ahead = depth
        self.norm_e, self.norm_h = lm.RMSNorm(d), lm.RMSNorm(d)
        self.block = lm.Block(d, heads)
        self.norm_out = lm.RMSNorm(d)
        self.project = nn.Linear(2 * d, d, False)

    def forward(self, model, h, tokens):
        length = tokens.shape[1]
        n = max(0, length - self.ahead)
        embedded = F.embedding(tokens.narrow(1, length - n, n), model.embed.weight)
        both = [self.norm_h(h.narrow(1, 0, n)), self.norm_e(embedded)]
        x = F.linear(torch.concat(both, 2), self.project.weight)
        places = torch.arange(n)
        out = self.block(x, places, places[:, None] >= places)
        return out, model.head(self.norm_out(out))


# %% tags=["task"] task="mtp_loss"
def mtp_loss(logits, tokens, weight=0.3, end=None):
    length = tokens.shape[1] - 1
    closed = torch.zeros_like(tokens) if end is None else (tokens == end).long()
    asked = int((closed[:, :length] == 0).sum()) or 1
    parts = []
    for k in range(len(logits)):
        n = max(length - k, 0)
        alive = torch.ones(tokens.shape[0], n, dtype=torch.bool)
        for j in range(k + 1):
            alive &= closed[:, j : j + n] == 0
        logs = F.log_softmax(logits[k], -1)
        terms = -logs.gather(-1, tokens[:, k + 1 : k + 1 + n, None])[..., 0]
        parts.append(torch.where(alive, terms, 0).sum() / asked)
    depth = len(parts) - 1
    extra = torch.stack(parts[1:]).mean() if depth else 0.0
    return parts[0] + weight * extra, parts


# %% tags=["task"] task="self_speculative_decode"
def self_speculative_decode(forward, draft, rollback, prompt, max_new, depth, end=None):
    if max_new < 0 or depth < 0 or not list(prompt):
        raise ValueError("refused")
    if not max_new:
        return []
    cached = len(prompt)
    found = [forward([*prompt])[-1]]
    while True:
        if found[-1] == end or len(found) >= max_new:
            return found
        n = max_new - len(found) - 1
        n = depth if n > depth else n
        guesses = draft(found[-1], n) if n else []
        said = forward([found[-1], *guesses])
        cached += 1
        rest = iter(guesses)
        for token in said:
            found.append(token)
            if token == end or next(rest, None) != token:
                break
            cached += 1
        rollback(cached)


# %% tags=["task"] task="speculative_accept"
def speculative_accept(p, q, drafts, u):
    g = len(drafts)
    if (len(p), len(q), len(u)) != (g + 1, g, g + 1):
        raise ValueError("sizes")

    def choose(weights):
        sums = torch.cumsum(weights, 0)
        level = torch.tensor(u[g], dtype=torch.float64) * sums[-1]
        return int(torch.searchsorted(sums, level, right=True))

    def walk(j):
        if j == g:
            return [choose(p[g])]
        x = drafts[j]
        if u[j] * float(q[j, x]) < float(p[j, x]):
            return [int(x), *walk(j + 1)]
        left = torch.relu(p[j] - q[j])
        return [choose(left if bool(left.sum() > 0) else p[j])]

    return walk(0)


# %% tags=["task"] task="expected_tokens"
def expected_tokens(acceptance, depth):
    if not (0 <= acceptance <= 1) or depth < 0:
        raise ValueError("no such drafts")
    a = float(acceptance)
    if a in (0.0, 1.0):
        return 1.0 + a * depth
    if a < 0.5:
        return (1 - a ** (depth + 1)) / (1 - a)
    return math.expm1((depth + 1) * math.log1p(a - 1)) / (a - 1)


def implied_overhead(acceptance, depth, speedup):
    mean = expected_tokens(acceptance, depth)
    cost = mean / speedup if speedup > 0 else 0
    if cost * (1 + 1e-9) < 1:
        raise ValueError("no such overhead")
    return cost - 1
