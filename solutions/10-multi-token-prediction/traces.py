"""The numbers that the chapter claims, and the data behind its figure.

The course's model is asked for 100 texts with and without drafts, and a smaller one is
trained with and without a module: together a quarter of a minute of one core.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from pathlib import Path

import reference
import torch
from torch import nn
from torch.nn import functional as F

from autograder.lab import lm

torch.set_num_threads(1)

CORPUS = Path(__file__).parents[1] / "small-lm" / "corpus.txt"
PROMPTS, START, MORE = 100, 24, 24  # texts, characters to begin with, and to add
STEPS, ROWS, LENGTH, WIDTH = 200, 8, 64, 32  # of the small training
SEEDS = (0, 1, 2)
PROMPT, SHOWN = "The gradient ", 24  # of the figure


load = functools.cache(lm.load)  # nobody changes it here


@functools.cache
def module_of_the_course() -> reference.MTPModule:
    """Return the shipped module, which nobody changes here."""
    model = load()
    module = reference.MTPModule(model.embed.embedding_dim, model.blocks[0].heads)
    module.load_state_dict(lm.load_mtp())
    return module


class Counted(reference.Speaker):
    """The course's model, and what its passes read and gave."""

    def __init__(self, keeps: bool = False) -> None:
        super().__init__(module_of_the_course())
        self.passes: list[tuple[list[int], list[int]]] = []
        self.keeps = keeps  # whether wrong drafts stay in the cache

    def forward(self, tokens: list[int]) -> list[int]:
        """Read tokens, and note it."""
        answers: list[int] = super().forward(tokens)
        self.passes.append((tokens, answers))
        return answers

    def rollback(self, length: int) -> None:
        """Forget, unless it is told to keep."""
        if not self.keeps:
            super().rollback(length)


def decoded(prompt: list[int], count: int, depth: int, keeps: bool = False):
    """Return tokens and the speaker that said them."""
    speaker = Counted(keeps)
    found = reference.self_speculative_decode(
        speaker.forward, speaker.draft, speaker.rollback, prompt, count, depth, lm.END
    )
    return found, speaker


def held_out() -> list[str]:
    """Return the beginnings of held-out lines of the corpus, long enough ones."""
    lines = CORPUS.read_text(encoding="utf-8").splitlines()
    return [line for k, line in enumerate(lines) if k % 16 == 7 and line]


def prompts() -> list[list[int]]:
    """Return 100 beginnings, cut from the held-out text piece by piece."""
    text = "\n".join(held_out())
    gap = (len(text) - START) // PROMPTS
    return [lm.encode(text[k * gap : k * gap + START]).tolist() for k in range(PROMPTS)]


@dataclass
class Lossless:
    """What decoding 100 texts with drafts gave, beside decoding without."""

    equal: int = 0
    tokens: int = 0
    passes: int = 0
    drafted: list[int] = field(default_factory=lambda: [0] * 3)
    right: list[int] = field(default_factory=lambda: [0] * 3)

    def add(self, speaker: Counted) -> None:
        """Count what each pass but the first accepted, draft by draft."""
        for read, answers in speaker.passes[1:]:
            for j, draft in enumerate(read[1:]):
                self.drafted[j] += 1
                if draft != answers[j]:
                    break
                self.right[j] += 1


@functools.cache
def lossless(depth: int) -> Lossless:
    """Decode all prompts with drafts, and compare with decoding without."""
    found = Lossless()
    for prompt, plain in zip(prompts(), plain_texts(), strict=True):
        said, speaker = decoded(prompt, MORE, depth)
        found.equal += said == plain
        found.tokens += len(said) - 1  # the first comes from reading the prompt
        found.passes += len(speaker.passes) - 1
        found.add(speaker)
    return found


@functools.cache
def plain_texts() -> list[list[int]]:
    """Decode all prompts without drafts, side by side."""
    model, cache = load(), lm.Cache()
    block = torch.tensor(prompts())
    columns = []
    with torch.no_grad():
        for _ in range(MORE):
            block = model(block, cache)[:, -1:].argmax(-1)
            columns.append(block)
    texts = torch.cat(columns, 1).tolist()
    return [
        text[: text.index(lm.END) + 1 if lm.END in text else None] for text in texts
    ]


def on_real_text() -> float:
    """Return how often a draft equals what the model says, along held-out text."""
    ids = lm.encode("\n".join(held_out()))
    table = ids[: len(ids) // 128 * 128].view(-1, 128)
    model, module = load(), module_of_the_course()
    with torch.no_grad():
        h = model.hidden(table)
        said = model.head(model.norm(h)).argmax(-1)
        drafts = module(model, h, table)[1].argmax(-1)
    return float((drafts == said[:, 1:]).float().mean())


def rows(ids: torch.Tensor, draw: torch.Generator) -> torch.Tensor:
    """Return random rows of a text."""
    starts = torch.randint(len(ids) - LENGTH - 1, (ROWS, 1), generator=draw)
    return ids[starts + torch.arange(LENGTH + 1)]


@functools.cache
def trained(seed: int, with_module: bool) -> tuple[float, float]:
    """Train a small model; return its held-out loss, and how often a draft is right."""
    lines = CORPUS.read_text(encoding="utf-8").splitlines()
    kept = "\n".join(line for k, line in enumerate(lines) if k % 16 != 7)
    ids, other = lm.encode(kept), lm.encode("\n".join(held_out()))
    torch.manual_seed(seed)
    model = lm.SmallLM(lm.END + 1, WIDTH, 1, 2)
    nn.init.normal_(model.embed.weight, std=0.02)
    modules = [reference.MTPModule(WIDTH, 2)] if with_module else []
    weights = [*model.parameters(), *(p for m in modules for p in m.parameters())]
    optimizer = torch.optim.AdamW(weights, lr=3e-3)
    draw = torch.Generator().manual_seed(seed)
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = 3e-3 * min(1, (step + 1) / 50) * (1 - 0.9 * step / STEPS)
        tokens = rows(ids, draw)
        h = model.hidden(tokens[:, :-1])
        logits = [model.head(model.norm(h))]
        logits += [module(model, h, tokens[:, :-1])[1] for module in modules]
        loss, _ = reference.mtp_loss(logits, tokens)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    table = other[: len(other) // 129 * 129].view(-1, 129)
    with torch.no_grad():
        h = model.hidden(table[:, :-1])
        said = model.head(model.norm(h))
        lost = F.cross_entropy(said.flatten(0, 1), table[:, 1:].flatten())
        right = 0.0
        for module in modules:
            drafts = module(model, h, table[:, :-1])[1].argmax(-1)
            right = float((drafts == said.argmax(-1)[:, 1:]).float().mean())
    return float(lost), right


def blocks(keeps: bool) -> list[list[list[str]]]:
    """Return the passes of the figure: token read, drafts, and what the model says."""
    _, speaker = decoded(lm.encode(PROMPT).tolist(), SHOWN, 2, keeps)
    return [
        [list(lm.decode(part)) for part in (read[:1], read[1:], answers)]
        for read, answers in speaker.passes[1:]
    ]


def figure() -> dict[str, object]:
    """Return a text decoded with two drafts a pass, and with wrong drafts kept."""
    plain, _ = decoded(lm.encode(PROMPT).tolist(), SHOWN, 0)
    return {
        "prompt": PROMPT,
        "plain": lm.decode(plain),
        "clean": blocks(False),
        "dirty": blocks(True),
        "means": [
            [a, g, reference.expected_tokens(a, g)]
            for a in (0.0, 0.5, 0.85, 0.999, 1.0)
            for g in (1, 3, 7)
        ],
    }


def claims() -> dict[str, str]:
    """Return the text of every measured number in the chapter."""
    found: dict[str, str] = {}
    for a in (0.6, 0.8, 0.9):
        for g in (1, 3, 5, 7):
            name = f"tokens_{round(10 * a)}_{g}"
            found[name] = f"{reference.expected_tokens(a, g):.2f}"
    for a in (0.85, 0.9):
        name = f"{round(100 * a)}"
        found[f"tokens_{name}"] = f"{reference.expected_tokens(a, 1):.2f}"
        found[f"overhead_{name}"] = f"{reference.implied_overhead(a, 1, 1.8):.1%}"
    found = {name: text.replace("%", " %") for name, text in found.items()}
    for depth in (1, 2):
        one = lossless(depth)
        rates = [r / max(n, 1) for r, n in zip(one.right, one.drafted, strict=True)]
        found[f"equal_{depth}"] = f"{one.equal}"
        found[f"a_pass_{depth}"] = f"{one.tokens / one.passes:.2f}"
        for j in range(depth):
            found[f"rate_{depth}_{j + 1}"] = f"{100 * rates[j]:.0f} %"
        law = reference.expected_tokens(rates[0], depth)
        found[f"by_law_{depth}"] = f"{law:.2f}"
    found["on_text"] = f"{100 * on_real_text():.0f} %"
    for with_module, name in ((False, "alone"), (True, "with")):
        runs = [trained(seed, with_module) for seed in SEEDS]
        found[f"loss_{name}"] = f"{sum(loss for loss, _ in runs) / len(runs):.2f}"
        if with_module:
            right = sum(rate for _, rate in runs) / len(runs)
            found["drafts_right"] = f"{100 * right:.0f} %"
    for seed in SEEDS:
        gap = trained(seed, True)[0] - trained(seed, False)[0]
        found[f"gap_{seed}"] = f"{gap:+.2f}".replace("-", "−")
    table = hand()
    return found | table


def hand() -> dict[str, str]:
    """Return the numbers that the chapter works out by hand, from the reference."""
    row = torch.tensor([[1, 2, 0, 3, 1, 2]])
    even = [torch.zeros(1, n, 4, dtype=torch.float64) for n in (5, 4)]
    loss, parts = reference.mtp_loss(even, row)
    p = torch.tensor([[0.2, 0.5, 0.3], [1.0, 0.0, 0.0]], dtype=torch.float64)
    q = torch.tensor([[0.6, 0.3, 0.1]], dtype=torch.float64)
    grid = [(k + 0.5) / 60 for k in range(60)]
    shares = [0.0] * 3
    for x in range(3):
        for u in grid:
            for v in grid:
                said = reference.speculative_accept(p, q, [x], [u, v])[0]
                shares[said] += float(q[0, x]) / 60**2
    return {
        "even_main": f"{float(parts[0]):.3f}",
        "even_module": f"{float(parts[1]):.3f}",
        "even_loss": f"{float(loss):.3f}",
        "shares": ", ".join(f"{share:.3f}" for share in shares),
    }
