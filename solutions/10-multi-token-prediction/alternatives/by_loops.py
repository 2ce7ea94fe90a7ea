# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% [markdown]
# Right by another road: loops over rows and positions, gradients by hand from the chain
# rule, sums of powers, running sums in plain Python.

# %% tags=["setup"]
import math

import torch
from torch import nn

from autograder.lab import lm


# %% tags=["task"] task="mtp_targets"
def mtp_targets(tokens, k, end=None, ignore=-100):
    if k < 1:
        raise ValueError(f"k is {k}")
    out = torch.empty_like(tokens)
    for b, row in enumerate(tokens.tolist()):
        for i in range(len(row)):
            j, alive = i, True
            while j < i + k and alive:
                alive = j + 1 < len(row) and row[j] != end
                j += 1
            out[b, i] = row[j] if alive else ignore
    return out


# %% tags=["task"] task="sequential_backward"
def sequential_backward(z, heads, unembedding, targets, ignore=-100):
    if len(targets) != len(heads):
        raise ValueError("targets and heads do not fit")
    losses, d_heads = [], []
    d_z, d_shared = torch.zeros_like(z), torch.zeros_like(unembedding)
    for head, wanted in zip(heads, targets, strict=True):
        rows = (wanted != ignore).nonzero()[:, 0]
        inner = z @ head.T
        gate = inner.sigmoid()
        out = z + inner * gate
        d_logits = out @ unembedding.T
        d_logits -= d_logits.amax(1, keepdim=True)
        chosen = d_logits[rows, wanted[rows]]
        d_logits.exp_()
        total = d_logits.sum(1, keepdim=True)
        d_logits /= total
        n = max(len(rows), 1)
        losses.append(float((total[rows, 0].log() - chosen).sum()) / n)
        keep = torch.zeros(len(z), 1, dtype=z.dtype)
        keep[rows] = 1 / n
        d_logits *= keep
        d_logits[rows, wanted[rows]] -= 1 / n
        d_shared += d_logits.T @ out
        d_out = d_logits @ unembedding
        d_inner = d_out * gate * (1 + inner * (1 - gate))
        d_heads.append(d_inner.T @ z)
        d_z += d_out + d_inner @ head
    return {"losses": losses, "z": d_z, "heads": d_heads, "unembedding": d_shared}


# %% tags=["task"] task="MTPModule"
class MTPModule(nn.Module):
    def __init__(self, d, heads, depth=1):
        super().__init__()
        if not depth >= 1:
            raise ValueError(f"depth is {depth}")
        self.k = depth
        for name in ("norm_h", "norm_e", "norm_out"):
            setattr(self, name, lm.RMSNorm(d))
        self.project = nn.Linear(2 * d, d, bias=False)
        self.block = lm.Block(d, heads)

    def forward(self, model, h, tokens):
        d = self.norm_h.gain.shape[0]
        columns = []
        for i in range(tokens.shape[1] - self.k):
            left = self.norm_h(h[:, i])
            right = self.norm_e(model.embed(tokens[:, i + self.k]))
            w = self.project.weight
            columns.append(left @ w[:, :d].T + right @ w[:, d:].T)
        if not columns:
            x = torch.zeros(len(tokens), 0, d, dtype=h.dtype)
            return x, model.head(x)
        x = torch.stack(columns, 1)
        n = len(columns)
        mask = torch.tensor([[s <= t for s in range(n)] for t in range(n)])
        h_k = self.block(x, torch.arange(n), mask)
        return h_k, self.norm_out(h_k) @ model.head.weight.T


# %% tags=["task"] task="mtp_loss"
def mtp_loss(logits, tokens, weight=0.3, end=None):
    rows, length = tokens.shape[0], tokens.shape[1] - 1
    asked = 0
    parts = []
    for k, said in enumerate(logits):
        logs = said.log_softmax(-1)
        part = said.sum() * 0
        for b in range(rows):
            row = tokens[b].tolist()
            for i in range(length - k):
                if end is None or end not in row[i : i + k + 1]:
                    part = part - logs[b, i, row[i + k + 1]]
                    asked += k == 0
        parts.append(part / (asked or 1))
    loss = parts[0]
    for part in parts[1:]:
        loss = loss + part * (weight / (len(parts) - 1))
    return loss, parts


# %% tags=["task"] task="self_speculative_decode"
def self_speculative_decode(forward, draft, rollback, prompt, max_new, depth, end=None):
    if len(prompt) == 0 or max_new < 0 or depth < 0:
        raise ValueError("bad arguments")
    text, read = list(prompt), 0
    most = len(prompt) + max_new

    def is_done():
        fresh = len(text) > len(prompt)
        return len(text) == most or (fresh and text[-1] == end)

    while not is_done():
        drafts = []
        n = min(depth, most - len(text) - 1)
        if read and n:
            drafts = draft(text[-1], n)
        block = text[read:] + drafts
        answers = forward(block)[-1 - len(drafts) :]
        read = len(text)
        for guess, answer in zip([*drafts, None], answers, strict=True):
            text.append(answer)
            if is_done() or guess != answer:
                break
            read += 1
        if read < len(prompt) or read != len(text) - 1:
            read = len(text) - 1
        rollback(read)
    return text[len(prompt) :]


# %% tags=["task"] task="speculative_accept"
def speculative_accept(p, q, drafts, u):
    g = len(drafts)
    if not (p.shape[0] == g + 1 == len(u) and q.shape[0] == g):
        raise ValueError("the laws do not fit the drafts")
    p, q = p.tolist(), q.tolist()
    out = []
    weights = p[-1]
    for j in range(g):
        x = drafts[j]
        if u[j] * q[j][x] < p[j][x]:
            out.append(x)
            continue
        weights = [a - b if a > b else 0.0 for a, b in zip(p[j], q[j], strict=True)]
        if max(weights) == 0:
            weights = p[j]
        break
    total = 0.0
    for w in weights:
        total += w
    sofar = 0.0
    for k, w in enumerate(weights):
        sofar += w
        if sofar > u[g] * total:
            return [*out, k]


# %% tags=["task"] task="expected_tokens"
def expected_tokens(acceptance, depth):
    if depth < 0 or not (acceptance >= 0 and acceptance <= 1):
        raise ValueError("impossible")
    return math.fsum(acceptance**k for k in range(depth + 1))


def implied_overhead(acceptance, depth, speedup):
    mean = expected_tokens(acceptance, depth)
    if not speedup > 0 or speedup > mean + 1e-9 * mean:
        raise ValueError("impossible")
    return (mean - speedup) / speedup
