# Reference solution of lesson 11. Never released to students.

# %% tags=["setup"]
import heapq

import torch
import torch.nn.functional as F
from torch import nn


# %% tags=["task"] task="MedusaHead"
class MedusaHead(nn.Module):
    """A guess at a later token: residual blocks, then a projection."""

    def __init__(self, lm_weight, layers=1):
        """Make a head that begins as a copy of the language model's."""
        super().__init__()
        (v, d), dtype = lm_weight.shape, lm_weight.dtype
        self.w1 = nn.ModuleList(
            nn.Linear(d, d, bias=False, dtype=dtype) for _ in range(layers)
        )
        self.w2 = nn.Linear(d, v, bias=False, dtype=dtype)
        with torch.no_grad():
            for block in self.w1:
                block.weight.zero_()
            self.w2.weight.copy_(lm_weight)

    def forward(self, h):
        """Return the logits, (..., V), for the trunk's output h, (..., d)."""
        for block in self.w1:
            h = h + F.silu(block(h))
        return self.w2(h)


# %% tags=["task"] task="medusa_loss"
def medusa_loss(logits, tokens, decay=0.8):
    """Return the loss of all heads, the sum of decay^k times the loss of head k."""
    loss = logits[..., :0].sum()  # 0, with a gradient, also where no head has a target
    for k, row in enumerate(logits, start=1):
        target = tokens[:, 1 + k :]
        guess = row[:, : target.shape[1]]
        found = F.cross_entropy(
            guess.flatten(0, 1), target.flatten(), ignore_index=-100, reduction="sum"
        )
        count = int((target != -100).sum())
        loss = loss + decay**k * found / max(count, 1)
    return loss


# %% tags=["task"] task="tree_buffers"
def tree_buffers(choices, heads, topk):
    """Turn a tree of guesses into what a pass over it needs."""
    given = [tuple(choice) for choice in choices]
    nodes = [(), *sorted(given, key=lambda path: (len(path), path))]
    number = {path: i for i, path in enumerate(nodes)}
    if () in given or len(number) < len(nodes):
        raise ValueError("a choice is empty, or stands there twice")
    for path in given:
        if path[:-1] not in number:
            raise ValueError(f"{path} comes without its parent")
        if len(path) > heads or not 0 <= path[-1] < topk:
            raise ValueError(f"{path} is not among {topk} guesses of {heads} heads")
    ways = [[number[path[:d]] for d in range(len(path) + 1)] for path in nodes]
    mask = torch.zeros(len(nodes), len(nodes), dtype=torch.bool)
    for i, way in enumerate(ways):
        mask[i, way] = True
    place = [path[-1] + topk * (len(path) - 1) + 1 if path else 0 for path in nodes]
    depth = torch.tensor([len(path) for path in nodes])
    parents = {path[:-1] for path in given}
    leaves = sorted(path for path in nodes if path not in parents)
    paths = torch.full((len(leaves), int(depth.max()) + 1), -1)
    for row, leaf in enumerate(leaves):
        way = ways[number[leaf]]
        paths[row, : len(way)] = torch.tensor(way)
    return {"mask": mask, "place": torch.tensor(place), "depth": depth, "paths": paths}


# %% tags=["task"] task="tree_pass"
def tree_pass(step, root, guesses, tree, length, topk=10):
    """Run a whole tree of guesses through the model in one pass."""
    ranked = guesses.sort(dim=-1, descending=True, stable=True).indices[:, :topk]
    row = torch.cat([torch.tensor([root]), ranked.flatten()])
    tokens = row[tree["place"]]
    old = torch.ones(len(tokens), length, dtype=torch.bool)
    mask = torch.cat([old, tree["mask"]], dim=1)
    return tokens, step(tokens, length + tree["depth"], mask)


# %% tags=["task"] task="accept_greedy"
def accept_greedy(logits, tokens, tree):
    """Keep the longest path that plain greedy decoding would have written."""
    wanted = logits.argmax(dim=-1).tolist()
    best = [0]
    for path in tree["paths"].tolist():
        kept = [0]
        for node in path[1:]:
            if node < 0 or int(tokens[node]) != wanted[kept[-1]]:
                break
            kept.append(node)
        if len(kept) > len(best):
            best = kept
    return best, wanted[best[-1]]


# %% tags=["task"] task="accept_typical"
def accept_typical(logits, tokens, tree, temperature, epsilon=0.09, delta=0.3):
    """Keep the longest path of which every token is likely enough."""
    if temperature == 0:
        return accept_greedy(logits, tokens, tree)
    p = (logits.double() / temperature).softmax(dim=-1)
    entropy = -torch.xlogy(p, p).sum(dim=-1)
    least = (delta * torch.exp(-entropy)).clamp(max=epsilon)
    best, most = [0], 0.0
    for path in tree["paths"].tolist():
        kept, likelihood = [0], 0.0
        for node in path[1:]:
            chance = p[kept[-1], tokens[node]]
            if node < 0 or not chance > least[kept[-1]]:
                break
            kept.append(node)
            likelihood += float(chance.log())
        if (len(kept), likelihood) > (len(best), most):
            best, most = kept, likelihood
    return best, int(logits[best[-1]].argmax())


# %% tags=["task"] task="best_tree"
def best_tree(accuracy, budget):
    """Find the tree of guesses that yields the most tokens in a pass."""
    choices, length = [], 1.0
    waiting = [(-1.0, 0, ())]
    while waiting and len(choices) <= budget:
        often, depth, path = heapq.heappop(waiting)
        choices.append(path)
        if path:
            length -= often
        if depth < len(accuracy):
            for rank, share in enumerate(accuracy[depth]):
                if often * share < 0:
                    heapq.heappush(waiting, (often * share, depth + 1, (*path, rank)))
    return sorted(choices[1:], key=lambda path: (len(path), path)), length


# %% tags=["task"] task="medusa_generate"
def medusa_generate(
    step, keep, prompt, choices, max_new, *,
    topk=10, temperature=0.0, epsilon=0.09, delta=0.3, end=None,
):  # fmt: skip
    """Write on from a prompt, several tokens a pass."""
    if prompt.ndim != 1 or not len(prompt):
        raise ValueError(f"the prompt has shape {tuple(prompt.shape)}")
    if max_new < 1:
        return []
    length = len(prompt)
    mask = torch.ones(length, length, dtype=torch.bool).tril()
    logits, guesses = step(prompt, torch.arange(length), mask)
    tree = tree_buffers(choices, guesses.shape[1], topk)
    written, last = [int(logits[-1].argmax())], length - 1
    while len(written) < max_new and end not in written:
        tokens, (logits, after) = tree_pass(
            step, written[-1], guesses[last], tree, length, topk
        )
        nodes, token = accept_typical(logits, tokens, tree, temperature, epsilon, delta)
        keep([*range(length), *(length + node for node in nodes)])
        written += [*tokens[nodes[1:]].tolist(), token]
        length, guesses, last = length + len(nodes), after, nodes[-1]
    if end in written:
        written = written[: written.index(end) + 1]
    return written[:max_new]
