"""The numbers that the chapter claims, and the data behind its figure."""

import importlib.util
import itertools
import math
import sys
from functools import cache
from pathlib import Path

import reference
import torch
import torch.nn.functional as F

from autograder.lab import lm

sys.path.insert(0, str(Path(__file__).parents[2] / "course/11-medusa"))
from slow import plain

#: Of each head's guesses, how often the right token is among the first 1 to 5: heads 1
#: to 5 on Vicuna-7B, as the authors published it (FasterDecoding/Medusa,
#: assets/medusa_acc.csv, run "7b"), rounded to six digits. Ranks from 6 on are not
#: published, so all trees here have five guesses a node at most.
PUBLISHED = [
    [0.560388, 0.671720, 0.727137, 0.759940, 0.779945],
    [0.316352, 0.423583, 0.485089, 0.528206, 0.562500],
    [0.201044, 0.287898, 0.347540, 0.383449, 0.416874],
    [0.147366, 0.225025, 0.273733, 0.310885, 0.339712],
    [0.117545, 0.186630, 0.234592, 0.272117, 0.299826],
]
#: The tree that is worked by hand in the chapter.
HAND = [(0,), (1,), (0, 0), (0, 1)]


def ranks(published):
    """Return how often the guess of each rank is right, from "among the first r"."""
    return [[b - a for a, b in itertools.pairwise([0.0, *row])] for row in published]


def dense(accuracy, sizes):
    """Return nodes and expected length of a tree that widens by sizes[k] at head k."""
    nodes, level, length, right = 0, 1, 1.0, 1.0
    for row, size in zip(accuracy, sizes, strict=False):
        level *= size
        nodes += level
        right *= sum(row[:size])
        length += right
    return nodes, length


def best_dense(accuracy, budget):
    """Return (length, nodes, sizes) of the best dense tree of at most so many nodes."""
    found = []
    for heads in range(1, len(accuracy) + 1):
        for sizes in itertools.product(range(1, len(accuracy[0]) + 1), repeat=heads):
            nodes, length = dense(accuracy, sizes)
            if nodes <= budget:
                found.append((length, nodes, sizes))
    return max(found)


def threshold(p, epsilon=0.09, delta=0.3):
    """Return the entropy of a distribution and the limit of typical acceptance."""
    entropy = -sum(x * math.log(x) for x in p if x > 0)
    return entropy, min(epsilon, delta * math.exp(-entropy))


def sparse_and_dense():
    """Return the claims of the table: published accuracies, no model."""
    accuracy = ranks(PUBLISHED)
    found = {}
    for budget in (8, 16, 32, 64, 128, 256):
        found[f"sparse_{budget}"] = f"{reference.best_tree(accuracy, budget)[1]:.3f}"
        length, nodes, _ = best_dense(accuracy, budget)
        found[f"dense_{budget}"] = f"{length:.3f}"
    found["dense_nodes_256"] = str(nodes)
    nodes, length = dense(accuracy, (4, 4, 4, 4))
    found |= {"full_nodes": str(nodes), "full_length": f"{length:.3f}"}
    found["heads_only"] = f"{dense(accuracy, (1, 1, 1, 1, 1))[1]:.2f}"
    return found


def drawn(choices, length):
    """Return what the figure needs of a tree."""
    tree = reference.tree_buffers(choices, 5, 5)
    return {
        "choices": sorted(map(list, choices), key=lambda path: (len(path), path)),
        "mask": tree["mask"].int().tolist(),
        "depth": tree["depth"].tolist(),
        "length": round(length, 6),
    }


def figure():
    """Return the data of the figure."""
    accuracy = ranks(PUBLISHED)
    full = [tuple(p) for k in (1, 2) for p in itertools.product(range(3), repeat=k)]
    deep = [tuple(p) for k in (1, 2, 3) for p in itertools.product(range(2), repeat=k)]
    chain = [(0,) * k for k in (1, 2, 3)]
    return {
        "trees": {
            "full": drawn(full, dense(accuracy, (3, 3))[1]),
            "deep": drawn(deep, dense(accuracy, (2, 2, 2))[1]),
            "best": drawn(*reference.best_tree(accuracy, 12)),
            "chain": drawn(chain, dense(accuracy, (1, 1, 1))[1]),
        }
    }


# --- the course's own model -----------------------------------------------------------

PROMPTS, READ, WRITTEN = 200, 40, 32  # prompts, characters of each, and new ones
RANKS = 5
NODES = 14


class Decoder:
    """The course's model behind `step` and `keep`; counts passes and tokens."""

    def __init__(self):
        self.model, self.heads = shipped()
        self.cache, self.sizes = lm.Cache(), []

    @torch.no_grad()
    def step(self, tokens, positions, mask):
        """Run tokens through the trunk and all heads."""
        self.sizes.append(len(tokens))
        hidden = self.model.hidden(tokens[None], self.cache, positions, mask)
        h = self.model.norm(hidden)[0]
        return self.model.head(h), torch.stack([head(h) for head in self.heads], dim=1)

    def keep(self, slots):
        """Compact the cache."""
        self.cache.keep(slots)


@cache
def shipped():
    """Return the trained model and its heads."""
    heads = []
    for weights in lm.load_medusa():
        head = reference.MedusaHead(weights["w2.weight"])
        names = {"w1.0.weight": "w1.weight", "w2.weight": "w2.weight"}
        head.load_state_dict({own: weights[theirs] for own, theirs in names.items()})
        heads.append(head)
    return lm.load(), heads


@cache
def held_out():
    """Return the text that the model was not trained on."""
    path = Path(__file__).parents[1] / "small-lm/train.py"
    spec = importlib.util.spec_from_file_location("small_lm_train", path)
    train = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = train  # dataclasses look their module up
    spec.loader.exec_module(train)
    return train.read_corpus()[1]


@cache
def prompts():
    """Return pieces of that text, (PROMPTS, READ)."""
    ids = held_out()
    return ids.unfold(0, READ, (len(ids) - READ) // PROMPTS)[:PROMPTS]


@torch.no_grad()
def agreement():
    """Return how often head 1's first guess is the model's own, on that text."""
    model, heads = shipped()
    h = model.norm(model.hidden(held_out().unfold(0, 128, 128)))
    own = model.head(h[:, 1:]).argmax(dim=-1)
    return float((heads[0](h[:, :-1]).argmax(dim=-1) == own).double().mean())


@cache
@torch.no_grad()
def plain_texts():
    """Write on from all prompts by plain decoding, side by side."""
    model, _ = shipped()
    text, past = prompts(), lm.Cache()
    new = text
    for _ in range(WRITTEN):
        new = model(new, past)[:, -1].argmax(dim=-1, keepdim=True)
        text = torch.cat([text, new], dim=1)
    return text


@cache
@torch.no_grad()
def measured_accuracy():
    """Return how often each guess is right, on the first half of the texts."""
    model, heads = shipped()
    text = plain_texts()[: PROMPTS // 2]
    h = model.norm(model.hidden(text))
    found = []
    for k, head in enumerate(heads, start=1):
        at = slice(READ - 1, text.shape[1] - 1 - k)
        best = head(h[:, at]).topk(RANKS).indices
        right = text[:, READ + k :, None]
        found.append((best == right).double().mean(dim=(0, 1)).tolist())
    return found


def decoded(choices, first=PROMPTS // 2):
    """Decode prompts; return the passes of each, and how many texts are plain's."""
    passes, equal = [], 0
    for prompt, want in zip(prompts()[first:], plain_texts()[first:], strict=True):
        decoder = Decoder()
        got = reference.medusa_generate(
            decoder.step, decoder.keep, prompt, choices, WRITTEN
        )
        passes.append(len(decoder.sizes))
        equal += got == want[READ:].tolist()
    return passes, equal


def on_the_model():
    """Return the claims that were measured on the course's model."""
    accuracy = measured_accuracy()
    model, heads = shipped()
    weights = sum(p.numel() for p in model.parameters())
    found = {"model_weights": f"{weights:,}", "model_heads": str(len(heads))}
    found |= {"written": str(WRITTEN), "agreement": f"{100 * agreement():.0f}"}
    for k, row in enumerate(accuracy, start=1):
        found[f"first_{k}"] = f"{100 * row[0]:.0f}"
        found[f"five_{k}"] = f"{100 * sum(row):.0f}"
    deep = [p for k in (1, 2, 3) for p in itertools.product(range(2), repeat=k)]
    best, length = reference.best_tree(accuracy, NODES)
    trees = {
        "chain": ([(0,) * k for k in (1, 2, 3)], dense(accuracy, (1, 1, 1))[1]),
        "deep": (deep, dense(accuracy, (2, 2, 2))[1]),
        "best": (best, length),
    }
    for name, (choices, expected) in trees.items():
        every, equal = decoded(choices, 0 if name == "best" else PROMPTS // 2)
        passes, tokens = sum(every[-PROMPTS // 2 :]), PROMPTS // 2 * WRITTEN
        found[f"{name}_nodes"] = str(len(choices) + 1)
        found[f"{name}_expected"] = f"{expected:.2f}"
        found[f"{name}_passes"] = f"{passes:,}"
        found[f"{name}_tokens"] = f"{tokens / passes:.2f}"
        found[f"{name}_work"] = f"{(len(choices) + 1) * passes / tokens:.1f}"
    found["plain_passes"] = f"{tokens:,}"
    found["lossless"] = f"{equal} of {PROMPTS}"
    decoder = Decoder()
    alone = plain(decoder.step, prompts()[0], WRITTEN)
    assert alone == plain_texts()[0, READ:].tolist()
    return found


# --- worked by hand -------------------------------------------------------------------


def by_hand():
    """Return the claims of the examples."""
    tree = reference.tree_buffers(HAND, 2, 10)
    h = torch.tensor([2.0], dtype=torch.float64)
    head = reference.MedusaHead(torch.ones(1, 1, dtype=torch.float64))
    with torch.no_grad():
        head.w1[0].weight.fill_(1.0)
        block = float(head(h))
    logits = torch.zeros(2, 1, 4, 4, dtype=torch.float64)
    logits[0, 0, 0, 1] = logits[0, 0, 1, 3] = math.log(3)
    logits[1, 0, 0, 3] = math.log(6)
    loss = reference.medusa_loss(logits, torch.tensor([[0, 2, 1, 3]]))
    rows = [" ".join(map(str, row)) for row in tree["paths"].tolist()]
    found = {
        "weights_ms": f"{14e9 / 2e12 * 1e3:.0f}",
        "token_ms": f"{14e9 / 300e12 * 1e3:.2f}",
        "tokens_free": f"{(14e9 / 2e12) / (14e9 / 300e12):.0f}",
        "silu": f"{float(F.silu(h)):.3f}",
        "block": f"{block:.3f}",
        "head_weights": f"{(4096**2 + 32000 * 4096) / 1e6:.0f}",
        "head_share": f"{(4096**2 + 32000 * 4096) / 7e9 * 100:.0f}",
        "hand_loss": f"{float(loss):.3f}",
        "hand_paths": ", ".join(rows).replace("-", "−"),
    }
    for i, seen in enumerate(tree["mask"]):
        found[f"place_{i}"] = str(int(tree["place"][i]))
        found[f"sees_{i}"] = ", ".join(map(str, seen.nonzero()[:, 0].tolist()))
    full = [p for k in (1, 2) for p in itertools.product(range(3), repeat=k)]
    mask = reference.tree_buffers(full, 2, 3)["mask"]
    found["cells"] = str(int(mask.sum()))
    found["causal_cells"] = str(int(torch.ones_like(mask).tril().sum()))
    for name, p in (
        ("sharp", [0.9, 0.06, 0.04]),
        ("mixed", [0.4, 0.3, 0.2, 0.1]),
        ("flat", [1 / 20] * 20),
    ):
        entropy, limit = threshold(p)
        found[f"{name}_h"] = f"{entropy:.2f}"
        found[f"{name}_e"] = f"{0.3 * math.exp(-entropy):.3f}"
        found[f"{name}_limit"] = f"{limit:.3f}"
    return found


def claims():
    """Return every measured number of the chapter as text."""
    return sparse_and_dense() | by_hand() | on_the_model()
