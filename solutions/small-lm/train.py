"""Train the course's language model: the trunk and its MTP module, then Medusa heads.

    python solutions/small-lm/train.py [--out FOLDER] [--steps STEPS]

It reads `corpus.txt`, the prose of the course's pages in November 2026 without
formulas, code and tables, and writes `weights.safetensors` and `training.json` into the
folder, by default the one from which `autograder.lab.lm` loads them. It takes under ten
minutes on two cores with nothing else to do. Training again gives the logged held-out
loss within `TOLERANCE`: another machine adds in another order.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import load_file, save
from torch import nn
from torch.nn import functional as F

from autograder.lab import lm
from autograder.student.lab.lm.shipped import LOG, PATH, SIZES

CORPUS = Path(__file__).with_name("corpus.txt")
#: Pages of the corpus are apart by an empty line; of all its lines, which are
#: paragraphs, each whose number leaves this rest is held out.
HELD_OUT_OF, HELD_OUT_REST = 16, 7
#: Nats a character by which the held-out loss of another training may differ.
TOLERANCE = 0.02


@dataclass(frozen=True)
class Recipe:
    """Everything that the result depends on, the corpus apart."""

    seed: int = 14
    steps: int = 2800
    batch: int = 8
    window: int = 128  # tokens of a text that is trained on
    rate: float = 3e-3  # of learning at its highest, after the warm-up
    warm_up: int = 100
    decay: float = 0.1  # of weights
    mtp_weight: float = 0.3  # DeepSeek-V3's lambda in its first stage
    medusa_steps: int = 700
    medusa_rate: float = 3e-3
    medusa_weight: float = 0.8  # head k counts 0.8^k


class MTP(nn.Module):
    """DeepSeek-V3's sequential module, one of depth 1; embedding and head are lent."""

    def __init__(self, d: int, heads: int) -> None:
        super().__init__()
        self.norm_h, self.norm_e = lm.RMSNorm(d), lm.RMSNorm(d)
        self.project = nn.Linear(2 * d, d, bias=False)
        self.block = lm.Block(d, heads)
        self.norm_out = lm.RMSNorm(d)

    def forward(
        self, model: lm.SmallLM, hidden: torch.Tensor, following: torch.Tensor
    ) -> torch.Tensor:
        """Return the logits of t_(i+2) from h_i and t_(i+1), (B, T, V)."""
        joined = [self.norm_h(hidden), self.norm_e(model.embed(following))]
        x = self.project(torch.cat(joined, dim=-1))
        x = self.block(x, torch.arange(x.shape[1]))
        return model.head(self.norm_out(x))


class MedusaHead(nn.Module):
    """One residual layer, then an LM head; at the start it is the model's own."""

    def __init__(self, model: lm.SmallLM) -> None:
        super().__init__()
        vocab, d = model.head.weight.shape
        self.w1, self.w2 = (nn.Linear(d, size, bias=False) for size in (d, vocab))
        nn.init.zeros_(self.w1.weight)
        self.w2.load_state_dict(model.head.state_dict())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits from normalized hidden vectors, (B, T, V)."""
        return self.w2(x + F.silu(self.w1(x)))


def read_corpus() -> tuple[torch.Tensor, torch.Tensor]:
    """Return the ids to train on and those held out."""
    kept: list[torch.Tensor] = []
    held_out: list[torch.Tensor] = []
    for number, line in enumerate(CORPUS.read_text().splitlines()):
        if not line:
            kept.append(torch.tensor([lm.END]))
        elif number % HELD_OUT_OF == HELD_OUT_REST:
            held_out.append(lm.encode(line + "\n"))
        else:
            kept.append(lm.encode(line + "\n"))
    return torch.cat(kept), torch.cat(held_out)


def loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the mean cross-entropy in nats of logits (B, T, V) at targets (B, T)."""
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def windows(
    ids: torch.Tensor, recipe: Recipe, steps: int, ahead: int
) -> Iterator[torch.Tensor]:
    """Yield batches of random windows, (batch, window + ahead)."""
    generator = torch.Generator().manual_seed(recipe.seed)
    span = torch.arange(recipe.window + ahead)
    for _ in range(steps):
        starts = torch.randint(
            0, len(ids) - len(span) + 1, (recipe.batch, 1), generator=generator
        )
        yield ids[starts + span]


def descend(
    parameters: list[nn.Parameter],
    batches: Iterator[torch.Tensor],
    steps: int,
    rate: float,
    recipe: Recipe,
    losses: Callable[[torch.Tensor], tuple[torch.Tensor, dict[str, float]]],
) -> list[dict[str, float]]:
    """Minimize by AdamW: a linear warm-up, then half a cosine; return the curve."""
    optimizer = torch.optim.AdamW(
        parameters, lr=rate, betas=(0.9, 0.99), weight_decay=recipe.decay
    )
    curve: list[dict[str, float]] = []
    start = time.perf_counter()
    for step, batch in enumerate(batches):
        share = (step - recipe.warm_up) / (steps - recipe.warm_up)
        fall = 0.55 + 0.45 * math.cos(math.pi * max(0.0, share))
        for group in optimizer.param_groups:
            group["lr"] = rate * min((step + 1) / recipe.warm_up, fall)
        total, parts = losses(batch)
        optimizer.zero_grad()
        total.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        if step % 100 == 0 or step == steps - 1:
            curve.append({"step": step, **{k: round(v, 4) for k, v in parts.items()}})
            words = ", ".join(f"{name} {value:.3f}" for name, value in parts.items())
            minutes = (time.perf_counter() - start) / 60
            print(f"step {step} of {steps}: {words} ({minutes:.1f} min)", flush=True)
    return curve


def train_trunk(
    model: lm.SmallLM, mtp: MTP, ids: torch.Tensor, recipe: Recipe
) -> list[dict[str, float]]:
    """Train trunk and MTP module together."""

    def losses(batch: torch.Tensor) -> tuple[torch.Tensor, dict[str, float]]:
        hidden = model.hidden(batch[:, :-2])
        next_token = loss(model.head(model.norm(hidden)), batch[:, 1:-1])
        after_it = loss(mtp(model, hidden, batch[:, 1:-1]), batch[:, 2:])
        total = next_token + recipe.mtp_weight * after_it
        return total, {"next": next_token.item(), "mtp": after_it.item()}

    parameters = [*model.parameters(), *mtp.parameters()]
    batches = windows(ids, recipe, recipe.steps, ahead=2)
    return descend(parameters, batches, recipe.steps, recipe.rate, recipe, losses)


def train_medusa(
    model: lm.SmallLM, heads: list[MedusaHead], ids: torch.Tensor, recipe: Recipe
) -> list[dict[str, float]]:
    """Train the heads on the frozen trunk: head k predicts k + 1 tokens ahead."""

    def losses(batch: torch.Tensor) -> tuple[torch.Tensor, dict[str, float]]:
        with torch.no_grad():
            x = model.norm(model.hidden(batch[:, : recipe.window]))
        parts = [
            loss(head(x), batch[:, k + 1 : k + 1 + recipe.window])
            for k, head in enumerate(heads, start=1)
        ]
        total = torch.stack(
            [recipe.medusa_weight**k * part for k, part in enumerate(parts, start=1)]
        ).sum()
        names = (f"head {k}" for k in range(1, len(heads) + 1))
        return total, dict(zip(names, (part.item() for part in parts), strict=True))

    parameters = [p for head in heads for p in head.parameters()]
    batches = windows(ids, recipe, recipe.medusa_steps, ahead=len(heads) + 1)
    return descend(
        parameters, batches, recipe.medusa_steps, recipe.medusa_rate, recipe, losses
    )


@torch.no_grad()
def measure(weights: dict[str, torch.Tensor], ids: torch.Tensor) -> dict[str, Any]:
    """Measure on held-out text what the shipped tensors are worth.

    Args:
        weights: every tensor, as `main` names them.
        ids: held-out text; it is read in rows of as many tokens as a text that was
            trained on, each from nothing.

    Returns:
        `held_out_loss`, nats a character; of the MTP draft and of each Medusa head the
        share of positions where its best guess is what the model itself would say on
        reaching it (`acceptance`), and where it is the text (`accuracy`).
    """
    model = lm.SmallLM(len(weights["lm.embed.weight"]), **SIZES)
    mtp = MTP(SIZES["d"], SIZES["heads"])
    heads = [MedusaHead(model) for _ in range(3)]
    named = {"lm": model, "mtp": mtp}
    named |= {f"medusa.{k}": head for k, head in enumerate(heads, start=1)}
    for prefix, module in named.items():
        module.load_state_dict(
            {
                name.removeprefix(f"{prefix}."): tensor.float()
                for name, tensor in weights.items()
                if name.startswith(f"{prefix}.")
            }
        )
    width = Recipe.window
    rows = ids[: len(ids) // width * width].view(-1, width)
    hidden = model.hidden(rows)
    x = model.norm(hidden)
    logits = model.head(x)
    own = logits.argmax(-1)
    guesses = {"mtp": mtp(model, hidden[:, :-1], rows[:, 1:]).argmax(-1)}
    guesses |= {f"head {k}": head(x).argmax(-1) for k, head in enumerate(heads, 1)}
    found: dict[str, Any] = {
        "held_out_loss": round(loss(logits[:, :-1], rows[:, 1:]).item(), 5),
        "accuracy": round((own[:, :-1] == rows[:, 1:]).double().mean().item(), 4),
    }
    for ahead, (name, guess) in zip((1, 1, 2, 3), guesses.items(), strict=True):
        count = width - ahead  # guesses at i are of the token after i + ahead
        accepted = guess[:, :count] == own[:, ahead:]
        right = guess[:, : count - 1] == rows[:, ahead + 1 :]
        found[name] = {
            "acceptance": round(accepted.double().mean().item(), 4),
            "accuracy": round(right.double().mean().item(), 4),
        }
    return found


def main() -> None:
    """Train, write the weights and the log."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="a folder for both files")
    parser.add_argument("--threads", type=int, default=2)
    for name in ("steps", "medusa_steps", "batch", "window"):
        parser.add_argument(f"--{name}", type=int, default=getattr(Recipe, name))
    for name in ("rate", "decay"):
        parser.add_argument(f"--{name}", type=float, default=getattr(Recipe, name))
    asked = vars(parser.parse_args())
    out, threads = asked.pop("out"), asked.pop("threads")
    recipe = Recipe(**asked)
    start = time.perf_counter()
    torch.set_num_threads(threads)
    torch.manual_seed(recipe.seed)
    ids, held_out = read_corpus()
    model = lm.SmallLM(lm.END + 1, **SIZES)
    nn.init.normal_(model.embed.weight, std=0.02)
    mtp = MTP(SIZES["d"], SIZES["heads"])
    curve = train_trunk(model, mtp, ids, recipe)
    heads = [MedusaHead(model) for _ in range(3)]
    medusa_curve = train_medusa(model, heads, ids, recipe)
    modules = {"lm": model, "mtp": mtp}
    modules |= {f"medusa.{k}": head for k, head in enumerate(heads, start=1)}
    out = out or PATH.parent
    path = out / PATH.name
    weights = {
        f"{prefix}.{name}": tensor.detach().half()
        for prefix, module in modules.items()
        for name, tensor in module.state_dict().items()
    }
    path.write_bytes(save(weights))  # for all to read: `save_file` would not
    log = {
        "corpus_sha256": hashlib.sha256(CORPUS.read_bytes()).hexdigest(),
        "characters": {"trained": len(ids), "held_out": len(held_out)},
        "sizes": SIZES,
        "recipe": asdict(recipe),
        "threads": threads,
        "bytes": path.stat().st_size,
        **measure(load_file(path), held_out),
        "minutes": round((time.perf_counter() - start) / 60, 1),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "safetensors": safetensors.__version__,
        },
        "curve": curve,
        "medusa_curve": medusa_curve,
    }
    (out / LOG.name).write_text(json.dumps(log, indent=1) + "\n")
    print(json.dumps({k: v for k, v in log.items() if "curve" not in k}, indent=1))


if __name__ == "__main__":
    main()
