# %% [markdown]
# # Recursion over nested dicts, and a class for the cache's state
# Trees are nested dictionaries of ranks; nothing is vectorized.

# %% tags=["setup"]
from fractions import Fraction

import torch
import torch.nn.functional as F
from torch import nn


# %% tags=["task"] task="MedusaHead"
class MedusaHead(nn.Module):
    def __init__(self, lm_weight, layers=1):
        super().__init__()
        kind = lm_weight.dtype
        v, d = lm_weight.shape
        blocks = []
        for _ in range(layers):
            block = nn.Linear(d, d, bias=False).to(kind)
            block.weight.data = torch.zeros(d, d, dtype=kind)
            blocks.append(block)
        self.w1 = nn.ModuleList(blocks)
        self.w2 = nn.Linear(d, v, bias=False).to(kind)
        self.w2.weight.data = lm_weight.data + 0

    def forward(self, h):
        def run(h, blocks):
            return run(h + nn.SiLU()(blocks[0](h)), blocks[1:]) if blocks else h

        return self.w2(run(h, list(self.w1)))


# %% tags=["task"] task="medusa_loss"
def medusa_loss(logits, tokens, decay=0.8):
    loss, weight = logits.flatten()[:1].sum() * 0, 1.0
    for shift, rows in enumerate(logits, start=2):
        weight *= decay
        goals = F.pad(tokens, (0, shift), value=-100)[:, shift:]
        if (goals != -100).any():
            loss = loss + weight * F.cross_entropy(rows.transpose(1, 2), goals)
    return loss


# %% tags=["task"] task="tree_buffers"
def tree_buffers(choices, heads, topk):
    nested = {}
    for choice in sorted([list(choice) for choice in choices], key=len):
        if not choice or len(choice) > heads:
            raise ValueError("choice")
        level = nested
        for rank in choice[:-1]:
            if rank not in level:
                raise ValueError("parent")
            level = level[rank]
        if choice[-1] in level or not 0 <= choice[-1] <= topk - 1:
            raise ValueError("rank")
        level[choice[-1]] = {}
    order, queue = [], [((), nested)]
    while queue:
        path, level = queue.pop(0)
        order.append(path)
        queue += [((*path, rank), level[rank]) for rank in sorted(level)]
    order.sort(key=lambda path: (len(path), path))
    n = len(order)
    mask = torch.zeros((n, n), dtype=torch.bool)
    for i in range(n):
        for j in range(n):
            mask[i, j] = order[i][: len(order[j])] == order[j]
    leaves = []

    def visit(path, level):
        if not level:
            leaves.append(path)
        for rank in sorted(level):
            visit((*path, rank), level[rank])

    visit((), nested)
    deepest = max(len(path) for path in order)
    table = []
    for leaf in leaves:
        row = [
            order.index(leaf[:d]) if d <= len(leaf) else -1 for d in range(deepest + 1)
        ]
        table.append(row)
    return {
        "mask": mask,
        "place": torch.tensor(
            [0] + [1 + topk * (len(path) - 1) + path[-1] for path in order[1:]]
        ),
        "depth": torch.tensor([len(path) for path in order]),
        "paths": torch.tensor(table),
    }


# %% tags=["task"] task="tree_pass"
def tree_pass(step, root, guesses, tree, length, topk=10):
    tokens = []
    for place in tree["place"].tolist():
        if place == 0:
            tokens.append(root)
            continue
        head, rank = divmod(place - 1, topk)
        row = guesses[head].tolist()
        best = sorted((-value, token) for token, value in enumerate(row))
        tokens.append(best[rank][1])
    tokens = torch.tensor(tokens)
    rows = []
    for row in tree["mask"].tolist():
        rows.append([True] * length + row)
    positions = torch.tensor([length + depth for depth in tree["depth"].tolist()])
    return tokens, step(tokens, positions, torch.tensor(rows))


# %% tags=["task"] task="accept_greedy"
def _walk(logits, tokens, tree, allows):
    found = []
    for number, row in enumerate(tree["paths"].tolist()):
        way, score = [row[0]], 0.0
        for node in row[1:]:
            if node == -1:
                break
            is_fine, gain = allows(way[-1], int(tokens[node]))
            if not is_fine:
                break
            way.append(node)
            score += gain
        found.append((-len(way), -score, number, way))
    nodes = min(found)[3]
    last = logits[nodes[-1]].tolist()
    return nodes, last.index(max(last))


def accept_greedy(logits, tokens, tree):
    def allows(above, token):
        row = logits[above].tolist()
        return row.index(max(row)) == token, 0.0

    return _walk(logits, tokens, tree, allows)


# %% tags=["task"] task="accept_typical"
def accept_typical(logits, tokens, tree, temperature, epsilon=0.09, delta=0.3):
    if temperature == 0:
        return accept_greedy(logits, tokens, tree)

    def allows(above, token):
        p = torch.softmax(logits[above].double() / temperature, dim=0)
        positive = p[p > 0]
        entropy = -(positive * positive.log()).sum()
        limit = min(epsilon, float(delta * torch.exp(-entropy)))
        if not float(p[token]) > limit:
            return False, 0.0
        return True, float(p[token].log())

    return _walk(logits, tokens, tree, allows)


# %% tags=["task"] task="best_tree"
def best_tree(accuracy, budget):
    rows = [[Fraction(share) for share in row] for row in accuracy]
    chosen, border = [], [((), Fraction(1))]
    while border and len(chosen) < budget + 1:
        border.sort(key=lambda one: (-one[1], len(one[0]), one[0]))
        path, value = border.pop(0)
        chosen.append((path, value))
        below = rows[len(path)] if len(path) < len(rows) else []
        border += [((*path, r), value * a) for r, a in enumerate(below) if a]
    length = float(sum(value for _, value in chosen))
    return sorted((path for path, _ in chosen[1:]), key=lambda p: (len(p), p)), length


# %% tags=["task"] task="medusa_generate"
class Writer:
    def __init__(self, step, keep, tree, topk, limits):
        self.step, self.keep, self.tree = step, keep, tree
        self.topk, self.limits = topk, limits

    def blocks(self, size, root, guesses):
        yield [root]
        while True:
            tokens, (logits, heads) = tree_pass(
                self.step, root, guesses, self.tree, size, self.topk
            )
            nodes, root = accept_typical(logits, tokens, self.tree, *self.limits)
            self.keep([*range(size)] + [size + node for node in nodes])
            size, guesses = size + len(nodes), heads[nodes[-1]]
            yield [int(tokens[node]) for node in nodes if node] + [root]


def medusa_generate(
    step, keep, prompt, choices, max_new, *,
    topk=10, temperature=0.0, epsilon=0.09, delta=0.3, end=None,
):  # fmt: skip
    if prompt.ndim != 1 or len(prompt) == 0:
        raise ValueError("a prompt of one axis, please")
    if max_new == 0:
        return []
    size = len(prompt)
    rows = [[j <= i for j in range(size)] for i in range(size)]
    logits, heads = step(prompt, torch.tensor(range(size)), torch.tensor(rows))
    tree = tree_buffers(choices, heads.shape[1], topk)
    writer = Writer(step, keep, tree, topk, (temperature, epsilon, delta))
    written = []
    for block in writer.blocks(size, int(logits[-1].argmax()), heads[-1]):
        for token in block:
            written.append(token)
            if len(written) == max_new or token == end:
                return written
