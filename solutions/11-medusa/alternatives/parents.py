# %% [markdown]
# # Parents, and one level after another
# The tree is an array of parents; masks, depths and paths are found by climbing. Trees
# are accepted level by level. The best tree grows by looking at all open places.

# %% tags=["setup"]
import math

import torch
from torch import nn


# %% tags=["task"] task="MedusaHead"
class Block(nn.Module):
    def __init__(self, d, dtype):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(d, d, dtype=dtype))

    def forward(self, h):
        z = torch.einsum("...i,oi->...o", h, self.weight)
        return h + z * torch.sigmoid(z)


class MedusaHead(nn.Module):
    def __init__(self, lm_weight, layers=1):
        super().__init__()
        d = lm_weight.shape[1]
        self.w1 = nn.ModuleList([Block(d, lm_weight.dtype) for _ in range(layers)])
        self.w2 = nn.Linear(d, len(lm_weight), bias=False, dtype=lm_weight.dtype)
        self.w2.weight = nn.Parameter(lm_weight.detach().clone())

    def forward(self, h):
        return self.w2(nn.Sequential(*self.w1)(h))


# %% tags=["task"] task="medusa_loss"
def medusa_loss(logits, tokens, decay=0.8):
    total = (logits * 0).sum()
    width = tokens.shape[1]
    for k in range(len(logits)):
        parts = []
        for b in range(len(tokens)):
            for i in range(width - 2 - k):
                goal = int(tokens[b, i + 2 + k])
                if goal != -100:
                    row = logits[k, b, i]
                    parts.append(torch.logsumexp(row, 0) - row[goal])
        if parts:
            total = total + decay ** (k + 1) * torch.stack(parts).mean()
    return total


# %% tags=["task"] task="tree_buffers"
def tree_buffers(choices, heads, topk):
    levels = [[()]]
    rest = {}
    for choice in choices:
        path = tuple(choice)
        bad = not path or path in rest or len(path) > heads
        if bad or path[-1] < 0 or path[-1] >= topk:
            raise ValueError(path)
        rest[path] = True
    while rest:
        level = sorted(p for p in rest if p[:-1] in levels[-1])
        if not level:
            raise ValueError("no parent")
        levels.append(level)
        for path in level:
            del rest[path]
    nodes = [path for level in levels for path in level]
    parent = [-1] + [nodes.index(path[:-1]) for path in nodes[1:]]
    mask = torch.eye(len(nodes), dtype=torch.bool)
    for i in range(1, len(nodes)):
        mask[i] |= mask[parent[i]]
    place, depth = [0], [0]
    for i in range(1, len(nodes)):
        depth.append(depth[parent[i]] + 1)
        place.append((depth[i] - 1) * topk + nodes[i][-1] + 1)

    rows = []

    def climb(node, way):
        way = [*way, node]
        below = sorted((i for i in range(1, len(nodes)) if parent[i] == node),
                       key=lambda i: nodes[i][-1])  # fmt: skip
        for i in below:
            climb(i, way)
        if not below:
            rows.append(way)

    climb(0, [])
    paths = -torch.ones(len(rows), max(depth) + 1, dtype=torch.int64)
    for i, way in enumerate(rows):
        for j, node in enumerate(way):
            paths[i, j] = node
    return {
        "paths": paths,
        "depth": torch.as_tensor(depth),
        "place": torch.as_tensor(place),
        "mask": mask,
    }


# %% tags=["task"] task="tree_pass"
def tree_pass(step, root, guesses, tree, length, topk=10):
    row = [root]
    for head in guesses.tolist():
        row += sorted(range(len(head)), key=lambda token: -head[token])[:topk]
    tokens = torch.tensor([row[i] for i in tree["place"].tolist()])
    n = len(tokens)
    mask = torch.ones(n, length + n, dtype=torch.bool)
    mask[:, length:] = tree["mask"]
    return tokens, step(tokens, tree["depth"] + length, mask)


# %% tags=["task"] task="accept_greedy"
def accept_greedy(logits, tokens, tree):
    rows, depth = tree["paths"].tolist(), 0
    best = torch.max(logits, dim=1).indices.tolist()
    while depth + 1 < len(rows[0]):
        left = [row for row in rows if row[depth + 1] != -1
                and tokens[row[depth + 1]] == best[row[depth]]]  # fmt: skip
        if not left:
            break
        rows, depth = left, depth + 1
    nodes = rows[0][: depth + 1]
    return nodes, best[nodes[-1]]


# %% tags=["task"] task="accept_typical"
def accept_typical(logits, tokens, tree, temperature, epsilon=0.09, delta=0.3):
    if temperature == 0:
        return accept_greedy(logits, tokens, tree)
    scaled = logits.to(torch.float64) / temperature
    log_p = torch.log_softmax(scaled, dim=1)
    p = log_p.exp()
    entropy = torch.special.entr(p).sum(dim=1)
    rows = [(0.0, row) for row in tree["paths"].tolist()]
    depth = 0
    while depth + 1 < len(rows[0][1]):
        left = []
        for score, row in rows:
            above, node = row[depth], row[depth + 1]
            if node < 0:
                continue
            token = int(tokens[node])
            limit = min(epsilon, delta * math.exp(-float(entropy[above])))
            if float(p[above, token]) > limit:
                left.append((score + float(log_p[above, token]), row))
        if not left:
            break
        rows, depth = left, depth + 1
    top = max(score for score, _ in rows)
    nodes = next(row for score, row in rows if score == top)[: depth + 1]
    return nodes, int(torch.argmax(logits[nodes[-1]]))


# %% tags=["task"] task="best_tree"
def best_tree(accuracy, budget):
    tree, length = {(): 1.0}, 1.0
    open_places = {(r,): a for r, a in enumerate(accuracy[0]) if a > 0}
    while open_places and len(tree) <= budget:
        path = min(open_places, key=lambda p: (-open_places[p], len(p), p))
        tree[path] = open_places.pop(path)
        length += tree[path]
        if len(path) < len(accuracy):
            for r, a in enumerate(accuracy[len(path)]):
                if a > 0 and tree[path] * a > 0:
                    open_places[(*path, r)] = tree[path] * a
    del tree[()]
    return sorted(tree, key=lambda p: (len(p), p)), length


# %% tags=["task"] task="medusa_generate"
def medusa_generate(
    step, keep, prompt, choices, max_new, *,
    topk=10, temperature=0.0, epsilon=0.09, delta=0.3, end=None,
):  # fmt: skip
    if prompt.dim() != 1 or prompt.numel() == 0:
        raise ValueError("prompt")
    new = []

    def write(tokens):
        for token in tokens:
            if len(new) < max_new and (not new or new[-1] != end):
                new.append(token)
        return len(new) < max_new and new[-1] != end

    if not max_new:
        return new
    p = torch.arange(prompt.numel())
    logits, heads = step(prompt, p, p[None, :] <= p[:, None])
    tree = tree_buffers(choices, heads.shape[1], topk)
    cached, root, guesses = prompt.numel(), int(logits[-1].argmax()), heads[-1]
    go_on = write([root])
    while go_on:
        tokens, (logits, heads) = tree_pass(step, root, guesses, tree, cached, topk)
        nodes, root = accept_typical(
            logits, tokens, tree, temperature, epsilon=epsilon, delta=delta
        )
        keep(list(range(cached)) + [cached + node for node in nodes])
        cached += len(nodes)
        guesses = heads[nodes[-1]]
        go_on = write([int(tokens[node]) for node in nodes[1:]] + [root])
    return new
