# %% [markdown]
# # Matrices
# Losses come from one gather, masks from powers of a parent matrix, acceptance from
# tables over (leaf, depth). The best tree sorts what cannot be left out.

# %% tags=["setup"]
import numpy as np
import torch
from torch import nn


# %% tags=["task"] task="MedusaHead"
class MedusaHead(nn.Module):
    def __init__(self, lm_weight, layers=1):
        super().__init__()
        v, d = lm_weight.shape
        like = {"bias": False, "dtype": lm_weight.dtype}
        self.w1 = nn.ModuleList(nn.Linear(d, d, **like) for _ in range(layers))
        self.w2 = nn.Linear(d, v, **like)
        for one in self.w1:
            nn.init.zeros_(one.weight)
        self.w2.load_state_dict({"weight": lm_weight})

    def forward(self, h):
        for one in self.w1:
            z = one(h)
            h = z / (1 + torch.exp(-z.clamp(min=-80))) + h
        return self.w2(h)


# %% tags=["task"] task="medusa_loss"
def medusa_loss(logits, tokens, decay=0.8):
    heads, _, width, _ = logits.shape
    log_p = logits.log_softmax(dim=-1)
    i = torch.arange(width)
    k = torch.arange(1, heads + 1)
    at = (i + 1 + k[:, None]).clamp(max=width - 1)  # (K, T)
    goals = tokens[:, at].permute(1, 0, 2)  # (K, B, T)
    real = (i + 1 + k[:, None] < width)[:, None] & (goals != -100)
    picked = log_p.gather(-1, goals.clamp(min=0)[..., None])[..., 0]
    sums = torch.where(real, -picked, torch.zeros_like(picked)).sum(dim=(1, 2))
    counts = real.sum(dim=(1, 2)).clamp(min=1)
    weights = torch.tensor([decay ** int(one) for one in k], dtype=logits.dtype)
    return (weights * sums / counts).sum()


# %% tags=["task"] task="tree_buffers"
def tree_buffers(choices, heads, topk):
    paths = [(), *sorted(sorted(map(tuple, choices)), key=len)]
    if len(set(paths)) != len(paths):
        raise ValueError("twice")
    n = len(paths)
    up = torch.zeros(n, n)
    for i, path in enumerate(paths[1:], start=1):
        if path[:-1] not in paths:
            raise ValueError("orphan")
        if len(path) > heads or path[-1] not in range(topk):
            raise ValueError("no such guess")
        up[i, paths.index(path[:-1])] = 1
    reach = torch.eye(n)
    power = torch.eye(n)
    while power.any():
        power = power @ up
        reach = reach + power
    mask = reach > 0
    depth = mask.sum(dim=1) - 1
    last = torch.tensor([path[-1] if path else 0 for path in paths])
    place = torch.where(depth > 0, (depth - 1) * topk + last + 1, 0)
    leaves = [i for i in range(n) if not up[:, i].any()]
    leaves.sort(key=lambda i: paths[i])
    table = torch.full((len(leaves), int(depth.max()) + 1), -1, dtype=torch.int64)
    for row, leaf in enumerate(leaves):
        way = mask[leaf].nonzero()[:, 0]
        table[row, : len(way)] = way
    return {"mask": mask, "place": place, "depth": depth, "paths": table}


# %% tags=["task"] task="tree_pass"
def tree_pass(step, root, guesses, tree, length, topk=10):
    order = np.argsort(-guesses.detach().double().numpy(), axis=-1, kind="stable")
    row = np.concatenate([[root], order[:, :topk].reshape(-1)]).astype(np.int64)
    tokens = torch.from_numpy(row[tree["place"].numpy()])
    mask = torch.nn.functional.pad(tree["mask"], (length, 0), value=True)
    return tokens, step(tokens, tree["depth"] + length, mask)


# %% tags=["task"] task="accept_greedy"
def accept_greedy(logits, tokens, tree):
    paths = tree["paths"]
    wanted = logits.argmax(dim=1)
    above, below = paths[:, :-1], paths[:, 1:]
    fits = (below >= 0) & (tokens[below] == wanted[above])
    lengths = fits.long().cumprod(dim=1).sum(dim=1).tolist()
    row = lengths.index(max(lengths))
    nodes = paths[row, : lengths[row] + 1].tolist()
    return nodes, wanted[nodes[-1]].item()


# %% tags=["task"] task="accept_typical"
def accept_typical(logits, tokens, tree, temperature, epsilon=0.09, delta=0.3):
    if not temperature:
        return accept_greedy(logits, tokens, tree)
    paths = tree["paths"]
    p = torch.softmax(logits.double() / temperature, dim=1)
    safe = torch.where(p > 0, p, torch.ones_like(p))
    limit = (delta * (p * safe.log()).sum(dim=1).exp()).clamp(max=epsilon)
    above, below = paths[:, :-1], paths[:, 1:]
    chance = p[above, tokens[below]]
    fits = ((below >= 0) & (chance > limit[above])).long().cumprod(dim=1)
    lengths = fits.sum(dim=1)
    logs = torch.where(fits > 0, chance.log(), torch.zeros_like(chance))
    score = logs.sum(dim=1)
    score[lengths < lengths.max()] = -torch.inf
    row = int((score == score.max()).nonzero()[0])
    nodes = paths[row, : int(lengths[row]) + 1].tolist()
    return nodes, logits[nodes[-1]].argmax().item()


# %% tags=["task"] task="best_tree"
def best_tree(accuracy, budget):
    # No node of the best `budget` has a value below the best of all in its level's
    # best `budget`: each level is cut to so many, in the order of the contract.
    found, level = [], [(1.0, ())]
    for row in accuracy:
        level = [(v * a, (*p, r)) for v, p in level for r, a in enumerate(row)]
        level = sorted((-v, p) for v, p in level if v > 0)[:budget]
        level = [(-v, p) for v, p in level]
        found += level
    found.sort(key=lambda one: (-one[0], len(one[1]), one[1]))
    chosen = found[:budget]
    length = 1.0 + sum(v for v, _ in chosen)
    return sorted((p for _, p in chosen), key=lambda p: (len(p), p)), length


# %% tags=["task"] task="medusa_generate"
def medusa_generate(
    step, keep, prompt, choices, max_new, *,
    topk=10, temperature=0.0, epsilon=0.09, delta=0.3, end=None,
):  # fmt: skip
    if prompt.ndim != 1 or prompt.shape[0] < 1:
        raise ValueError(tuple(prompt.shape))
    text, size, tree, last = [], 0, None, -1
    while len(text) < max_new and (end is None or end not in text):
        if tree is None:
            m = prompt.shape[0]
            causal = torch.ones(m, m, dtype=torch.bool).tril()
            logits, guesses = step(prompt.clone(), torch.arange(m), causal)
            tree = tree_buffers(choices, guesses.shape[1], topk)
            size, token, nodes, tokens = m, int(logits[-1].argmax()), [], []
        else:
            tokens, (logits, guesses) = tree_pass(
                step, text[-1], guesses[last], tree, size, topk
            )
            nodes, token = accept_typical(
                logits, tokens, tree, temperature, epsilon, delta
            )
            keep([*range(size), *[size + node for node in nodes]])
            size += len(nodes)
        last = nodes[-1] if nodes else -1
        text += [int(tokens[node]) for node in nodes[1:]] + [token]
    if end is not None and end in text:
        del text[text.index(end) + 1 :]
    return text[:max_new]
