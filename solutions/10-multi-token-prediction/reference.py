# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---
# %% tags=["setup"]
import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from autograder.lab import lm

IGNORE = -100  # stands where a position is asked for nothing


# %%
def head_logits(z: Tensor, head: Tensor, unembedding: Tensor) -> Tensor:
    """Return what one of several parallel heads says: (N, V) logits."""
    return (z + F.silu(z @ head.T)) @ unembedding.T


# %% tags=["task"] task="mtp_targets"
def mtp_targets(
    tokens: Tensor, k: int, end: int | None = None, ignore: int = IGNORE
) -> Tensor:
    """Return the token that each position is asked for, k places ahead."""
    if k < 1:
        raise ValueError("k must be 1 or more")
    count = tokens.shape[1] - k  # positions that have a token k places ahead
    targets = torch.full_like(tokens, ignore)
    if count <= 0:
        return targets
    wanted = tokens[:, k:]
    if end is not None:
        ends = tokens == end
        upto = ends.cumsum(1)  # ends at 0 to i
        inside = upto[:, k - 1 : k - 1 + count] - upto[:, :count] + ends[:, :count]
        wanted = wanted.masked_fill(inside > 0, ignore)
    targets[:, :count] = wanted
    return targets


# %% tags=["task"] task="sequential_backward"
def sequential_backward(
    z: Tensor,
    heads: Sequence[Tensor],
    unembedding: Tensor,
    targets: Sequence[Tensor],
    ignore: int = IGNORE,
) -> dict:
    """Compute the losses of parallel heads and all gradients, head by head."""
    if len(heads) != len(targets):
        raise ValueError("one tensor of targets a head")
    leaves = [t.detach().clone().requires_grad_() for t in (z, unembedding, *heads)]
    for leaf in leaves:
        leaf.grad = torch.zeros_like(leaf)
    at, shared, *own = leaves
    losses = []
    for head, wanted in zip(own, targets, strict=True):
        asked = wanted != ignore
        count = max(int(asked.sum()), 1)
        logits = head_logits(at, head, shared)
        safe = torch.where(asked, wanted, IGNORE)
        total = F.cross_entropy(logits, safe, ignore_index=IGNORE, reduction="sum")
        loss = total / count
        loss.backward()  # adds to the gradients, and frees the graph with the logits
        losses.append(loss.item())
    return {
        "losses": losses,
        "z": at.grad,
        "heads": [head.grad for head in own],
        "unembedding": shared.grad,
    }


# %% tags=["task"] task="MTPModule"
class MTPModule(nn.Module):
    """One sequential module: module k joins h^(k-1) at i with the token at i + k."""

    def __init__(self, d: int, heads: int, depth: int = 1) -> None:
        super().__init__()
        if depth < 1:
            raise ValueError("depth must be 1 or more")
        self.depth = depth
        self.norm_h, self.norm_e = lm.RMSNorm(d), lm.RMSNorm(d)
        self.project = nn.Linear(2 * d, d, bias=False)
        self.block = lm.Block(d, heads)
        self.norm_out = lm.RMSNorm(d)

    def forward(
        self, model: lm.SmallLM, h: Tensor, tokens: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return h^k, and the logits of the tokens k + 1 places ahead."""
        count = max(tokens.shape[1] - self.depth, 0)
        before = self.norm_h(h[:, :count])
        known = self.norm_e(model.embed(tokens[:, self.depth :]))
        joined = self.project(torch.cat([before, known], dim=-1))
        h_k = self.block(joined, torch.arange(count))
        return h_k, model.head(self.norm_out(h_k))


# %% tags=["task"] task="mtp_loss"
def mtp_loss(
    logits: Sequence[Tensor],
    tokens: Tensor,
    weight: float = 0.3,
    end: int | None = None,
) -> tuple[Tensor, list[Tensor]]:
    """Return the loss of a model with D modules, and its D + 1 parts."""
    length = tokens.shape[1] - 1
    asked = (mtp_targets(tokens, 1, end) != IGNORE).sum().clamp(min=1)
    parts = []
    for k, said in enumerate(logits):
        wanted = mtp_targets(tokens, k + 1, end)[:, : max(length - k, 0)]
        total = F.cross_entropy(
            said.flatten(0, 1), wanted.flatten(), ignore_index=IGNORE, reduction="sum"
        )
        parts.append(total / asked)
    loss, modules = parts[0], parts[1:]
    if modules:
        loss = loss + weight / len(modules) * sum(modules)
    return loss, parts


# %%
Forward = Callable[[list[int]], list[int]]
Draft = Callable[[int, int], list[int]]
Rollback = Callable[[int], None]


# %% tags=["task"] task="self_speculative_decode"
def self_speculative_decode(
    forward: Forward,
    draft: Draft,
    rollback: Rollback,
    prompt: Sequence[int],
    max_new: int,
    depth: int,
    end: int | None = None,
) -> list[int]:
    """Decode greedily, with drafts: the same tokens as without, in fewer passes."""
    if not len(prompt) or max_new < 0 or depth < 0:
        raise ValueError("an empty prompt, or a negative number")
    if max_new == 0:
        return []
    found = [forward(list(prompt))[-1]]
    while len(found) < max_new and found[-1] != end:
        n = min(depth, max_new - len(found) - 1)
        drafts = draft(found[-1], n) if n > 0 else []
        answers = forward([found[-1], *drafts])  # (1) one pass for all of them
        right = 0  # (2) drafts that the model would have said itself
        while right < n and drafts[right] == answers[right] != end:
            right += 1
        found += answers[: right + 1]  # (3) and one token more
        rollback(len(prompt) + len(found) - 1)  # (4) forget what was wrong
    return found


# %%
class Speaker:
    """The course's small model with its module, over one cache."""

    def __init__(self, module: nn.Module) -> None:
        self.model, self.module = lm.load(), module
        self.cache, self.read = lm.Cache(), []
        self.h = torch.zeros(1, 0, self.model.embed.embedding_dim)

    @torch.no_grad()
    def forward(self, tokens: list[int]) -> list[int]:
        """Read tokens in one pass; return the most probable token after each."""
        h = self.model.hidden(torch.tensor([tokens]), self.cache)
        self.h, self.read = torch.cat([self.h, h], 1), [*self.read, *tokens]
        return self.model.head(self.model.norm(h))[0].argmax(-1).tolist()

    @torch.no_grad()
    def draft(self, token: int, n: int) -> list[int]:
        """Guess the n tokens after `token`."""
        row, h = [*self.read, token], self.h
        for _ in range(n):
            h, logits = self.module(self.model, h, torch.tensor([row]))
            row = [*row[1:], int(logits[0, -1].argmax())]
        return row[len(row) - n :]

    def rollback(self, length: int) -> None:
        """Forget all but the first tokens."""
        self.cache.truncate(length)
        self.h, self.read = self.h[:, :length], self.read[:length]


# %% tags=["task"] task="speculative_accept"
def speculative_accept(
    p: Tensor, q: Tensor, drafts: Sequence[int], u: Sequence[float]
) -> list[int]:
    """Accept or reject drafts so that what comes out is distributed by p."""
    g = len(drafts)
    if len(p) != g + 1 or len(q) != g or len(u) != g + 1:
        raise ValueError("p and u need g + 1 rows, q needs g")
    weights, kept = p[g], list(drafts)
    for j, x in enumerate(drafts):
        if u[j] * q[j, x] >= p[j, x]:
            weights, kept = (p[j] - q[j]).clamp(min=0), kept[:j]
            if not weights.any():
                weights = p[j]
            break
    running = weights.cumsum(0)
    return [*kept, int((running > u[g] * running[-1]).int().argmax())]


# %% tags=["task"] task="expected_tokens"
def expected_tokens(acceptance: float, depth: int) -> float:
    """Return the mean number of tokens that a pass over `depth` drafts gives."""
    if not 0 <= acceptance <= 1 or depth < 0:
        raise ValueError("acceptance is 0 to 1, depth 0 or more")
    if acceptance == 0:
        return 1.0
    if acceptance == 1:
        return depth + 1.0
    return -math.expm1((depth + 1) * math.log(acceptance)) / (1 - acceptance)


def implied_overhead(acceptance: float, depth: int, speedup: float) -> float:
    """Return the c for which a pass with drafts costs 1 + c passes without them."""
    tokens = expected_tokens(acceptance, depth)
    if not 0 < speedup <= tokens * (1 + 1e-9):
        raise ValueError("no overhead explains this")
    return tokens / speedup - 1
