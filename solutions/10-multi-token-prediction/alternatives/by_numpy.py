# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% [markdown]
# Right by another road: text numbers and gathers for targets, checkpoints of each head,
# the functions of torch at their longest way, NumPy for laws and sums.

# %% tags=["setup"]
import numpy as np
import torch
from torch import nn

from autograder.lab import lm


# %% tags=["task"] task="mtp_targets"
def mtp_targets(tokens, k, end=None, ignore=-100):
    if k <= 0:
        raise ValueError("k")
    row = tokens.numpy()
    text = np.zeros(row.shape, dtype=np.int64)  # which text of its row a token is in
    if end is not None:
        text[:, 1:] = np.cumsum(row[:, :-1] == end, axis=1)
    out = np.full(row.shape, ignore, dtype=np.int64)
    for i in range(row.shape[1] - k):
        same = text[:, i] == text[:, i + k]
        out[:, i] = np.where(same, row[:, i + k], ignore)
    return torch.from_numpy(out)


# %% tags=["task"] task="sequential_backward"
def sequential_backward(z, heads, unembedding, targets, ignore=-100):
    if len(heads) != len(targets):
        raise ValueError("heads and targets")

    def loss_of(z, head, unembedding, wanted):
        inner = z @ head.T
        logits = (z + inner * torch.sigmoid(inner)) @ unembedding.T
        kept = (wanted != ignore).to(z.dtype)
        places = torch.where(wanted != ignore, wanted, 0)[:, None]
        logs = torch.log_softmax(logits, 1).gather(1, places)[:, 0]
        return -(logs * kept).sum() / kept.sum().clamp(min=1)

    slopes = torch.func.grad_and_value(loss_of, argnums=(0, 1, 2))
    losses, of_heads = [], []
    of_z, of_shared = torch.zeros_like(z), torch.zeros_like(unembedding)
    for head, wanted in zip(heads, targets, strict=True):
        (a, b, c), loss = slopes(z, head, unembedding, wanted)
        losses.append(float(loss))
        of_z += a
        of_heads.append(b)
        of_shared += c
    found = {"losses": losses, "heads": of_heads}
    return found | {"z": of_z, "unembedding": of_shared}


# %% tags=["task"] task="MTPModule"
class MTPModule(nn.Module):
    def __init__(self, d, heads, depth=1):
        super().__init__()
        if int(depth) < 1:
            raise ValueError("depth")
        self.depth = int(depth)
        self.norm_h = lm.RMSNorm(d)
        self.norm_e = lm.RMSNorm(d)
        self.project = nn.Linear(in_features=2 * d, out_features=d, bias=False)
        self.block = lm.Block(d, heads)
        self.norm_out = lm.RMSNorm(d)

    def forward(self, model, h, tokens):
        known = model.embed(tokens)[:, self.depth :]
        n = known.size(1)
        x = torch.cat((self.norm_h(h)[:, :n], self.norm_e(known)), -1)
        h_k = self.block(self.project(x), positions=torch.arange(n))
        return h_k, torch.einsum("btd,vd->btv", self.norm_out(h_k), model.head.weight)


# %% tags=["task"] task="mtp_loss"
def mtp_loss(logits, tokens, weight=0.3, end=None):
    length = tokens.shape[1] - 1
    asked = max(int((mtp_targets(tokens, 1, end) != -100).sum()), 1)
    parts = []
    for k, said in enumerate(logits):
        wanted = mtp_targets(tokens, k + 1, end)[:, :length][:, : said.shape[1]]
        kept = wanted != -100
        flat, ids = said[kept], wanted[kept]
        top = flat.detach().amax(1, keepdim=True) if len(flat) else 0.0
        logs = (flat - top).exp().sum(1).log() + (top[:, 0] if len(flat) else 0.0)
        scores = flat[torch.arange(len(ids)), ids]
        parts.append((logs - scores).sum() / asked)
    modules = len(parts) - 1
    factors = [1.0] + [weight / modules for _ in range(modules)]
    loss = sum(f * part for f, part in zip(factors, parts, strict=True))
    return loss, parts


# %% tags=["task"] task="self_speculative_decode"
def self_speculative_decode(forward, draft, rollback, prompt, max_new, depth, end=None):
    prompt = tuple(prompt)
    if not prompt or min(max_new, depth) < 0:
        raise ValueError("prompt, max_new, depth")
    found, block, drafts = [], list(prompt), []
    while len(found) < max_new and end not in found:
        answers = forward(block)[len(block) - len(drafts) - 1 :]
        agreed = 0
        for guess, answer in zip(drafts, answers, strict=False):
            if guess != answer or guess == end:
                break
            agreed += 1
        found.extend(answers[: agreed + 1])
        length = len(prompt) + len(found) - 1
        if agreed < len(drafts):
            rollback(length)
        n = max(min(depth, max_new - len(found) - 1), 0)
        drafts = draft(found[-1], n) if n and end not in found else []
        block = [found[-1], *drafts]
    return found


# %% tags=["task"] task="speculative_accept"
def speculative_accept(p, q, drafts, u):
    p, q = np.array(p, dtype=np.float64), np.array(q, dtype=np.float64)
    g = len(drafts)
    if len(p) - 1 != g or len(q) != g or len(u) - 1 != g:
        raise ValueError("rows")
    ids = np.array(drafts, dtype=np.int64)
    places = np.arange(g)
    bad = np.array(u[:g]) * q[places, ids] >= p[places, ids] if g else np.zeros(0)
    first = int(np.argmax(bad)) if bad.any() else g
    weights = p[first]
    if first < g:
        left = np.maximum(p[first] - q[first], 0)
        weights = left if left.any() else p[first]
    sums = np.cumsum(weights)
    chosen = int(np.searchsorted(sums, u[g] * sums[-1], side="right"))
    return [int(x) for x in drafts[:first]] + [chosen]


# %% tags=["task"] task="expected_tokens"
def expected_tokens(acceptance, depth):
    if not (acceptance >= 0 and acceptance <= 1 and depth >= 0):
        raise ValueError("acceptance, depth")
    powers = np.power(float(acceptance), np.arange(depth + 1, dtype=np.float64))
    return float(powers.sum())


def implied_overhead(acceptance, depth, speedup):
    mean = expected_tokens(acceptance, depth)
    if speedup <= 0 or speedup != speedup or mean * (1 + 1e-9) < speedup:
        raise ValueError("speedup")
    return mean / speedup - 1
