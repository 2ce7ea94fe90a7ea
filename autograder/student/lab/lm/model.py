"""A transformer in a page: norm, attention, MLP, and the model around them.

Letters of shapes: B texts, T tokens in this pass, S slots attended to (those in the
cache, then these T), d the width, V the vocabulary.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional as F

from .cache import Cache


class RMSNorm(nn.Module):
    """Scale each vector to a root mean square of 1, then each component by a gain.

    Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019.
    """

    def __init__(self, d: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(d))  # (d,)
        self.eps = eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x / sqrt(mean(x²) + eps) · gain, (..., d) as x."""
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.eps) * self.gain


def rotate(x: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    """Turn pairs of components by angles that grow with the position (RoPE).

    The product of a turned query and a turned key depends on the distance of their
    positions alone. Su et al., "RoFormer", 2021.

    Args:
        x: queries or keys, or both, (..., heads, T, w) with an even w.
        positions: (T,) integers.

    Returns:
        (..., heads, T, w); component i is turned together with component i + w / 2.
    """
    half = x.shape[-1] // 2
    speeds = 10_000.0 ** (-torch.arange(half, dtype=x.dtype) / half)  # (w / 2,)
    angles = positions[:, None] * speeds  # radians, (T, w / 2)
    cos, sin = angles.cos(), angles.sin()
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=-1)


def causal(queries: int, slots: int) -> torch.Tensor:
    """Return the mask by which the last tokens see themselves and all before them.

    Args:
        queries: T, the tokens of this pass.
        slots: S, theirs included.

    Returns:
        (T, S) bool, True where token t may attend to slot s: s <= S - T + t.
    """
    return torch.ones(queries, slots, dtype=torch.bool).tril(slots - queries)


class Block(nn.Module):
    """One layer: attention, then an MLP, each added to what came in.

    Both read a normalized copy of the stream (pre-norm). No bias anywhere.
    """

    def __init__(self, d: int, heads: int) -> None:
        """Make a layer of width d; `heads` divides d, and d / heads is even."""
        super().__init__()
        self.heads = heads
        self.norm_attention = RMSNorm(d)
        self.qkv = nn.Linear(d, 3 * d, bias=False)
        self.out = nn.Linear(d, d, bias=False)
        self.norm_mlp = RMSNorm(d)
        self.up = nn.Linear(d, 4 * d, bias=False)
        self.down = nn.Linear(4 * d, d, bias=False)

    def forward(
        self,
        x: torch.Tensor,
        positions: torch.Tensor,
        mask: torch.Tensor | None = None,
        cache: Cache | None = None,
        layer: int = 0,
    ) -> torch.Tensor:
        """Let each token look at others, then think by itself.

        Args:
            x: the stream, (B, T, d).
            positions: of the T tokens, (T,) integers.
            mask: (T, S) bool, True where a token may attend to a slot; causal if None.
            cache: what was read before; these T tokens are added to it.
            layer: this block's place in the cache.

        Returns:
            The stream, (B, T, d).
        """
        x = x + self.attention(self.norm_attention(x), positions, mask, cache, layer)
        return x + self.down(F.gelu(self.up(self.norm_mlp(x))))

    def attention(
        self,
        x: torch.Tensor,
        positions: torch.Tensor,
        mask: torch.Tensor | None,
        cache: Cache | None,
        layer: int,
    ) -> torch.Tensor:
        """Return what each token gathers from the slots that it sees, (B, T, d)."""
        b, t, d = x.shape
        parts = self.qkv(x).view(b, t, 3, self.heads, d // self.heads)
        parts = parts.permute(2, 0, 3, 1, 4)  # (3, B, heads, T, d / heads)
        (q, k), v = rotate(parts[:2], positions), parts[2]
        if cache is not None:
            k, v = cache.append(layer, k, v)  # (B, heads, S, d / heads)
        if mask is None:
            mask = causal(t, k.shape[2])
        scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])  # (B, heads, T, S)
        weights = scores.masked_fill(~mask, -math.inf).softmax(-1)
        return self.out((weights @ v).transpose(1, 2).reshape(b, t, d))


class SmallLM(nn.Module):
    """A language model: after each token, a score for every token that may come next.

    Attributes:
        embed: one vector a token, (V, d).
        blocks: the layers.
        norm: what comes between the trunk and the head.
        head: from a vector to V scores, without bias.
        passes: how often the trunk has run.
    """

    def __init__(self, vocab: int, d: int, layers: int, heads: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocab, d)
        self.blocks = nn.ModuleList(Block(d, heads) for _ in range(layers))
        self.norm = RMSNorm(d)
        self.head = nn.Linear(d, vocab, bias=False)
        self.passes = 0

    def hidden(
        self,
        tokens: torch.Tensor,
        cache: Cache | None = None,
        positions: torch.Tensor | None = None,
        mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Run the trunk: the layers, without the norm and the head after them.

        Args:
            tokens: ids, (B, T).
            cache: what was read before; the T tokens are added to it.
            positions: (T,) integers; by default those that follow the cache's slots.
            mask: (T, S) bool, True where a token may attend to a slot; causal if None.

        Returns:
            The stream before `norm`, (B, T, d).
        """
        self.passes += 1
        before = 0 if cache is None else cache.length
        if positions is None:
            positions = torch.arange(before, before + tokens.shape[1])
        x = self.embed(tokens)
        for layer, block in enumerate(self.blocks):
            x = block(x, positions, mask, cache, layer)
        return x

    def forward(
        self,
        tokens: torch.Tensor,
        cache: Cache | None = None,
        positions: torch.Tensor | None = None,
        mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return the logits of the token after each, (B, T, V); the same arguments."""
        return self.head(self.norm(self.hidden(tokens, cache, positions, mask)))
