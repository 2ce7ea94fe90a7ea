# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---
# %% [markdown]
# # Multi-token prediction: guess ahead, then check
# Read the [chapter](index.md) first; each task names its step there.
# `check("mtp_loss")` runs the public tests of one task. The grader runs more tests, on
# other inputs. Cells marked *explore* are yours and are never graded. This lesson needs
# PyTorch.

# %% tags=["setup"]
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from autograder.lab import lm
from autograder.student import attempt, check

IGNORE = -100  # stands where a position is asked for nothing


# %%
def head_logits(z: Tensor, head: Tensor, unembedding: Tensor) -> Tensor:
    """Return what one of several parallel heads says: (N, V) logits.

    Each head has a layer of its own; the unembedding is shared by all.

    Args:
        z: (N, d), the trunk's output at N positions.
        head: (d, d), the head's own weights.
        unembedding: (V, d).
    """
    return (z + F.silu(z @ head.T)) @ unembedding.T


# %% [markdown]
# ## 1. `mtp_targets`
# Chapter, step 2: who is asked for what.


# %% tags=["task"] task="mtp_targets"
def mtp_targets(
    tokens: Tensor, k: int, end: int | None = None, ignore: int = IGNORE
) -> Tensor:
    """Return the token that each position is asked for, k places ahead.

    Args:
        tokens: (B, T) int64, perhaps without rows or columns; each row holds one text
            or several, one after the other. It stays as it was.
        k: how far ahead, 1 or more; perhaps more than there are tokens.
        end: the id of the token that closes a text. No position is asked for anything
            beyond the end of its own text: where one of the tokens at i to i + k - 1 is
            `end`, the target at i is `ignore`. The `end` itself is asked for. With
            None, a row is one text.
        ignore: stands where nothing is asked for: there, and in the last k places of a
            row.

    Returns:
        (B, T) int64, a new tensor: at i the token at i + k, or `ignore`.

    Raises:
        ValueError: k is less than 1.
    """
    raise NotImplementedError("mtp_targets: chapter, step 2")


# %% tags=["explore"]
with attempt():
    row = torch.tensor([[5, 6, 9, 7, 8, 9]])  # two texts, each closed by a 9
    for ahead in (1, 2, 3):
        print(ahead, mtp_targets(row, ahead, end=9).tolist())

# %% tags=["check"]
check("mtp_targets")

# %% [markdown]
# ## 2. `sequential_backward`
# Chapter, step 3: several heads, and the memory of one.


# %% tags=["task"] task="sequential_backward"
def sequential_backward(
    z: Tensor,
    heads: Sequence[Tensor],
    unembedding: Tensor,
    targets: Sequence[Tensor],
    ignore: int = IGNORE,
) -> dict:
    """Compute the losses of parallel heads and all gradients of their sum, in turn.

    The loss of a head is the mean cross-entropy of `head_logits` over the targets that
    are not `ignore`, and 0 where all are. The total is the sum over the heads.

    Args:
        z: (N, d), float32 or float64, the trunk's output at N positions.
        heads: one (d, d) tensor a head, perhaps none.
        unembedding: (V, d), shared by all heads.
        targets: one (N,) int64 tensor a head: token ids, or `ignore`.
        ignore: any number that is no token id.

    Nothing that is given is changed, nor the `.grad` of tensors that require gradients.
    Memory: the logits of one head at a time. Whatever
    the number of heads, at most 16 arrays of N V numbers are held at once.

    Returns:
        "losses", a list of Python floats, one a head, and the gradients of the total:
        "z" (N, d), "heads", a list of (d, d), and "unembedding" (V, d), in the dtype
        of z. Without heads they are zeros.

    Raises:
        ValueError: there are not as many targets as heads.
    """
    raise NotImplementedError("sequential_backward: chapter, step 3")


# %% tags=["explore"]
with attempt():
    draw = torch.Generator().manual_seed(0)
    z, unembedding = (torch.randn(n, 8, generator=draw) for n in (5, 11))
    heads = [torch.randn(8, 8, generator=draw) for _ in range(3)]
    targets = [torch.randint(11, (5,), generator=draw) for _ in heads]
    found = sequential_backward(z, heads, unembedding, targets)
    print(found["losses"], found["z"].shape)

# %% tags=["check"]
check("sequential_backward")

# %% [markdown]
# ## 3. `MTPModule`
# Chapter, step 4: one of DeepSeek-V3's modules. `lm` is the course's small language
# model: read `RMSNorm`, `Block` and `SmallLM` in `autograder/student/lab/lm/model.py`.


# %% tags=["task"] task="MTPModule"
class MTPModule(nn.Module):
    """One sequential module: module k joins h^(k-1) at i with the token at i + k.

    Its own weights are five attributes: `norm_h` and `norm_e`, each an `lm.RMSNorm`;
    `project`, a linear map from 2d to d without bias; `block`, an `lm.Block`; and
    `norm_out`, an `lm.RMSNorm`. It has no others: the embedding and the head are those
    of the model, which is given with each call.

    Args:
        d: the width.
        heads: of the block's attention.
        depth: k, 1 or more.

    Raises:
        ValueError: depth is less than 1.
    """

    def __init__(self, d: int, heads: int, depth: int = 1) -> None:
        super().__init__()
        raise NotImplementedError("MTPModule: chapter, step 4")

    def forward(
        self, model: lm.SmallLM, h: Tensor, tokens: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return h^k, and the logits of the tokens k + 1 places ahead.

        For every position i < T - k: `norm_h` of h at i and `norm_e` of the embedding
        of the token at i + k are laid end to end, h first, and `project`ed; the block
        runs over all of these, causally, at positions 0 to T - k - 1. What the block
        returns is h^k, still in the graph: the next module reads it. The logits are the
        model's head applied to `norm_out` of it.

        Args:
            model: its `embed` and `head` are shared: gradients of a loss of these
                logits reach them, and through h the trunk.
            h: (B, n, d), n of T - k or more: h^(k-1), for k = 1 what `model.hidden`
                returns. Only the first T - k positions count.
            tokens: (B, T) int64, the whole row.

        Returns:
            h^k, (B, T - k, d), and logits, (B, T - k, V). Where T <= k, both have no
            positions.
        """
        raise NotImplementedError("MTPModule.forward: chapter, step 4")


# %% tags=["explore"]
with attempt():
    model = lm.load()
    module = MTPModule(model.embed.embedding_dim, model.blocks[0].heads)
    module.load_state_dict(lm.load_mtp())
    ids = lm.encode("The gradient of a function")[None]
    with torch.no_grad():
        _, logits = module(model, model.hidden(ids), ids)
    print(repr(lm.decode(logits[0].argmax(-1))), "two ahead, from", ids.shape[1])

# %% tags=["check"]
check("MTPModule")

# %% [markdown]
# ## 4. `mtp_loss`
# Chapter, step 5: what training minimises.


# %% tags=["task"] task="mtp_loss"
def mtp_loss(
    logits: Sequence[Tensor],
    tokens: Tensor,
    weight: float = 0.3,
    end: int | None = None,
) -> tuple[Tensor, list[Tensor]]:
    """Return the loss of a model with D modules, and its D + 1 parts.

    Part k is the sum of the cross-entropies of all targets that are asked for, k + 1
    places ahead (`mtp_targets` with this `end`), divided by the number of targets that
    part 0 has, for every k: without `end` that is B T, though part k has only B (T - k)
    terms. The loss is part 0 plus weight / D times the sum of parts 1 to D.

    Args:
        logits: D + 1 float tensors, D of 0 or more: (B, T, V) of the model, then of
            module k = 1 to D (B, T - k, V), or (B, 0, V) where T < k.
        tokens: (B, T + 1) int64, the row that the model read and the token after it:
            position i of `logits[k]` predicts token i + k + 1.
        weight: lambda.
        end: the id of the token that closes a text.

    Returns:
        The loss and a list of the parts, as tensors without axes that gradients flow
        through. Where nothing is asked for, a part is 0, and so are the gradients.
    """
    raise NotImplementedError("mtp_loss: chapter, step 5")


# %% tags=["explore"]
with attempt():
    row = torch.tensor([[1, 2, 0, 1]])
    flat = [torch.zeros(1, 3, 3), torch.zeros(1, 2, 3)]  # ln 3 a target
    print(
        [round(float(part), 4) for part in mtp_loss(flat, row)[1]],
        "want 1.0986, 0.7324",
    )

# %% tags=["check"]
check("mtp_loss")

# %% [markdown]
# ## 5. `self_speculative_decode`
# Chapter, step 6. The model is three functions over one cache, which at first is empty.

# %%
# One pass of the model over some new tokens, one or more: they are added to the cache,
# and after each the most probable next token is returned, in order.
Forward = Callable[[list[int]], list[int]]
# draft(token, n) guesses the n tokens after `token`, n of 1 or more; `token` itself
# comes after those in the cache. It changes nothing, and costs little beside a pass.
Draft = Callable[[int, int], list[int]]
# rollback(length) forgets all tokens in the cache but the first `length`. It raises
# ValueError where there are fewer.
Rollback = Callable[[int], None]


# %% [markdown]
# The course's model as these three functions. `h` holds what the trunk says of each
# token in the cache; more than one draft comes from the one module used again.


# %%
class Speaker:
    """The course's small model with its module, over one cache."""

    def __init__(self, module: nn.Module) -> None:
        self.model, self.module = lm.load(), module
        self.cache, self.read = lm.Cache(), []
        self.h = torch.zeros(1, 0, self.model.embed.embedding_dim)

    @torch.no_grad()
    def forward(self, tokens: list[int]) -> list[int]:
        """Read tokens in one pass; return the most probable token after each."""
        h = self.model.hidden(torch.tensor([tokens]), self.cache)
        self.h, self.read = torch.cat([self.h, h], 1), [*self.read, *tokens]
        return self.model.head(self.model.norm(h))[0].argmax(-1).tolist()

    @torch.no_grad()
    def draft(self, token: int, n: int) -> list[int]:
        """Guess the n tokens after `token`."""
        row, h = [*self.read, token], self.h
        for _ in range(n):
            h, logits = self.module(self.model, h, torch.tensor([row]))
            row = [*row[1:], int(logits[0, -1].argmax())]
        return row[len(row) - n :]

    def rollback(self, length: int) -> None:
        """Forget all but the first tokens."""
        self.cache.truncate(length)
        self.h, self.read = self.h[:, :length], self.read[:length]


# %% tags=["task"] task="self_speculative_decode"
def self_speculative_decode(
    forward: Forward,
    draft: Draft,
    rollback: Rollback,
    prompt: Sequence[int],
    max_new: int,
    depth: int,
    end: int | None = None,
) -> list[int]:
    """Decode greedily, with drafts: the same tokens as without, in fewer passes.

    The first pass reads the prompt. Each further one reads the last token found and the
    drafts after it, and gives all drafts that are right before the first wrong one, and
    one token more.

    Args:
        forward, draft, rollback: the model, see above. `draft` is called only while the
            cache holds exactly the prompt and all tokens found but the last, and that
            last one is its argument.
        prompt: one token or more. It stays as it was.
        max_new: how many tokens are wanted, 0 or more.
        depth: how many tokens are drafted for each pass but the first, 0 or more; fewer
            where they could not all be used: with r tokens still wanted, a pass can use
            r - 1 drafts. `draft` is not called for 0 tokens.
        end: the token that ends the text, if any.

    Costs:
        No more passes than that: none once the last token is known, none for max_new 0.
        No pass reads a token that an earlier one has read, if that is still valid.

    Returns:
        The tokens found: the first max_new, or those up to the first `end`, with it.
        The cache then holds nothing but tokens of the prompt and of this list, in
        order.

    Raises:
        ValueError: an empty prompt, a negative max_new or a negative depth. Nothing was
            called then.
    """
    raise NotImplementedError("self_speculative_decode: chapter, step 6")


# %% tags=["explore"]
with attempt():
    model = lm.load()
    module = MTPModule(model.embed.embedding_dim, model.blocks[0].heads)
    module.load_state_dict(lm.load_mtp())
    for depth in (0, 1, 2):
        speaker, start = Speaker(module), lm.encode("The gradient is ").tolist()
        said = self_speculative_decode(
            speaker.forward, speaker.draft, speaker.rollback, start, 60, depth, lm.END
        )
        print(depth, speaker.model.passes, "passes:", repr(lm.decode(said)))

# %% tags=["check"]
check("self_speculative_decode")

# %% [markdown]
# ## 6. `speculative_accept`
# Chapter, step 7: drafts for sampling, without a trace of them in what comes out.


# %% tags=["task"] task="speculative_accept"
def speculative_accept(
    p: Tensor, q: Tensor, drafts: Sequence[int], u: Sequence[float]
) -> list[int]:
    """Accept or reject drafts so that what comes out is distributed by p.

    Draft x, number j (from 0), is accepted where u[j] q[j, x] < p[j, x]. After the
    first rejected one, number j, one token is chosen from the residual
    max(0, p[j] - q[j]), or from p[j] where that is zero everywhere; where all g are
    accepted, one from p[g]. A token is chosen by u[g]: the first at which the running
    sum of the weights, taken in the order of the ids, is more than u[g] times their
    whole sum.

    Args:
        p: (g + 1, V) float64, the model's law at each draft's place and after the last;
            each row sums to 1.
        q: (g, V) float64, the laws that the drafts were drawn from.
        drafts: g token ids, g of 0 or more.
        u: g + 1 floats in [0, 1). Nothing that is given is changed.

    Returns:
        The accepted drafts and the token chosen, a list of Python ints.

    Raises:
        ValueError: p has not g + 1 rows, q not g, or u not g + 1 numbers.
    """
    raise NotImplementedError("speculative_accept: chapter, step 7")


# %% tags=["explore"]
with attempt():
    p = torch.tensor([[0.2, 0.5, 0.3], [1.0, 0.0, 0.0]], dtype=torch.float64)
    q = torch.tensor([[0.6, 0.3, 0.1]], dtype=torch.float64)
    draw = torch.Generator().manual_seed(0)
    counts = torch.zeros(3)
    for _ in range(3000):
        drafted = int(torch.multinomial(q[0], 1, generator=draw))
        u = torch.rand(2, generator=draw, dtype=torch.float64).tolist()
        counts[speculative_accept(p, q, [drafted], u)[0]] += 1
    print(counts / 3000, "want about", p[0])

# %% tags=["check"]
check("speculative_accept")

# %% [markdown]
# ## 7. `expected_tokens`
# Chapter, step 8: what acceptance is worth. `implied_overhead` belongs to this task.


# %% tags=["task"] task="expected_tokens"
def expected_tokens(acceptance: float, depth: int) -> float:
    """Return the mean number of tokens that a pass over `depth` drafts gives.

    Each draft is right with probability `acceptance`, whatever came before.

    Args:
        acceptance: 0 to 1, ends included.
        depth: 0 to 1,000,000.

    Returns:
        A Python float, right to a relative 1e-9, also close to 1.

    Raises:
        ValueError: acceptance is not in 0 to 1 (NaN is not), or depth is negative.
    """
    raise NotImplementedError("expected_tokens: chapter, step 8")


def implied_overhead(acceptance: float, depth: int, speedup: float) -> float:
    """Return the c for which a pass with drafts costs 1 + c passes without them.

    Args:
        acceptance: as above.
        depth: as above.
        speedup: tokens in the same time, against decoding without drafts.

    Returns:
        A Python float, right to 1e-9 in 1 + c; 0 or more, but for rounding.

    Raises:
        ValueError: speedup is not more than 0, or is more than `expected_tokens`, by
            more than a relative 1e-9; or what `expected_tokens` raises.
    """
    raise NotImplementedError("implied_overhead: chapter, step 8")


# %% tags=["explore"]
with attempt():
    for rate in (0.85, 0.9):
        print(rate, expected_tokens(rate, 1), implied_overhead(rate, 1, 1.8))

# %% tags=["check"]
check("expected_tokens")
