# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% [markdown]
# # Medusa: several heads, one tree, one pass
# Read the [chapter](index.md) beside this file; each task names its step there. This
# holds in all tasks, besides what each docstring says:
#
# - K heads guess; head k, from 1 on, guesses the token k places after the next one. V
#   is the size of the vocabulary, n the number of nodes of a tree, its root included.
# - Tensors are on the CPU. Logits are float32 or float64, finite unless a docstring
#   says otherwise; tokens, positions and places are int64. Token 0 is a token as any
#   other.
# - Where logits are equal, the smaller token counts as the larger logit.
# - No argument is changed.

# %% tags=["setup"]
import torch
import torch.nn.functional as F
from torch import nn

from autograder.lab import lm
from autograder.student import attempt, check

# %% [markdown]
# ## 1. `MedusaHead`
# Chapter, step 1.


# %% tags=["task"] task="MedusaHead"
class MedusaHead(nn.Module):
    """A guess at a later token: residual blocks, then a projection to the vocabulary.

    A block turns h into h + SiLU(W1 h), each block with a W1 of its own; the logits are
    W2 applied to what the last block returns. No layer has a bias.

    Attributes:
        w1: nn.ModuleList of `layers` nn.Linear (d to d), all weights 0 at first.
        w2: nn.Linear (d to V), which begins as a copy of the language model's own head:
            so a new head's logits are those of the language model, to the last bit.
    """

    def __init__(self, lm_weight, layers=1):
        """Make a head whose parameters can all be trained.

        Args:
            lm_weight: the weight of the language model's head, (V, d), float32 or
                float64, which is the dtype of all parameters. Training this head never
                changes it.
            layers: how many blocks; 0 is allowed.
        """
        raise NotImplementedError("MedusaHead: chapter, step 1")

    def forward(self, h):
        """Return the logits, (..., V), for the trunk's output h, (..., d)."""
        raise NotImplementedError("MedusaHead: chapter, step 1")


# %% tags=["explore"]
with attempt():
    lm_head = torch.randn(5, 3)
    head, h = MedusaHead(lm_head, layers=2), torch.randn(4, 3)
    print("as the LM head at first:", bool((head(h) == F.linear(h, lm_head)).all()))
    with torch.no_grad():
        head.w1[0].weight += 1
    print(
        "and after a change of one block:", (head(h) - F.linear(h, lm_head)).abs().max()
    )

# %% tags=["check"]
check("MedusaHead")

# %% [markdown]
# ## 2. `medusa_loss`
# Chapter, step 2.


# %% tags=["task"] task="medusa_loss"
def medusa_loss(logits, tokens, decay=0.8):
    """Return the loss of all heads, the sum of decay^k times the loss of head k.

    At position i, head k is asked for token i + 1 + k. Its loss is the mean of the
    cross entropies over all places of the batch where there is such a token; a target
    of -100 is padding and counts neither in the sum nor in the number of places; that
    token i itself is padding changes nothing. A head without any target adds 0.

    Args:
        logits: (K, B, T, V); logits[k - 1] are those of head k. They may be large.
        tokens: (B, T), the batch that the trunk has read.
        decay: the weight of head 1, and the factor from one head to the next.

    Returns:
        A tensor of shape () and of the logits' dtype. Its backward pass gives the
        logits a gradient, zeros where no head has a target. Neither is ever NaN.
    """
    raise NotImplementedError("medusa_loss: chapter, step 2")


# %% tags=["explore"]
with attempt():
    tokens = torch.tensor([[3, 1, 4, 1, 2]])
    sure = torch.full((2, 1, 5, 6), -20.0)
    for k in (1, 2):  # each head is sure of the right token
        for i in range(5 - 1 - k):
            sure[k - 1, 0, i, tokens[0, i + 1 + k]] = 20.0
    print("sure and right:", medusa_loss(sure, tokens))
    print("no idea:", medusa_loss(0 * sure, tokens), "wanted:", (0.8 + 0.64) * 1.7918)

# %% tags=["check"]
check("medusa_loss")

# %% [markdown]
# ## 3. `tree_buffers`
# Chapter, step 3.


# %% tags=["task"] task="tree_buffers"
def tree_buffers(choices, heads, topk):
    """Turn a tree of guesses into what a pass over it needs.

    A choice is a node, written as the ranks on the way to it from the root: (0, 2) is
    the guess of rank 2 of head 2, below the guess of rank 0 of head 1. Node 0 is the
    root, which is no choice. The choices follow by depth, those of one depth in
    the order of their ranks: (0,), (1,), (0, 0), (0, 1), (1, 0).

    Args:
        choices: the tree, a list of tuples or lists of ints, in any order; it may be
            empty.
        heads: K, how many heads there are.
        topk: how many guesses of each head can be used.

    Returns:
        A dict:
        "mask": (n, n) bool; row i is True at node i itself, its ancestors and the root.
        "place": (n,) int64, where a node's token lies in the row that holds the root's
            token, then the topk guesses of head 1, then those of head 2 and so on.
        "depth": (n,) int64, 0 for the root.
        "paths": (leaves, 1 + the greatest depth) int64: the nodes from the root to each
            leaf, then -1. Leaves come in the order of their ranks: (0, 0) before (0, 1)
            before (1,), whatever their depths. Without choices the root is a leaf.

    Raises:
        ValueError: a choice is empty, stands there twice, comes without its parent, has
            more ranks than there are heads, or a rank below 0 or from topk on.
    """
    raise NotImplementedError("tree_buffers: chapter, step 3")


# %% tags=["explore"]
with attempt():
    for name, buffer in tree_buffers([(0,), (0, 0), (0, 1), (1,)], 2, 3).items():
        print(name, buffer.int().tolist())

# %% tags=["check"]
check("tree_buffers")

# %% [markdown]
# ## 4. `tree_pass`
# Chapter, step 4.
#
# Here and in task 8 you get the model as a function, `step(tokens, positions, mask)`.
# It runs m new tokens through the model in one pass, and appends their keys and values
# to the cache, which had `length` slots; then it has length + m. `tokens` and
# `positions` are (m,) int64, `mask` is (m, length + m) bool: row i is True at the slots
# that token i attends to, itself among them. It returns a pair: the logits of the
# language model (m, V), and those of the heads (m, K, V).


# %% tags=["task"] task="tree_pass"
def tree_pass(step, root, guesses, tree, length, topk=10):
    """Run a whole tree of guesses through the model in one pass.

    Each node attends to all of the cache, to its ancestors and to itself. Its position
    is the one that its token would have if the path to it were the text: the cache
    holds positions 0 to length - 1, the root follows.

    Args:
        step: the model, as above; called once.
        root: the token of the root, an int.
        guesses: the logits of the heads, (K, V), V >= topk. The guess of rank r of a
            head is the token of its r-th largest logit, counted from 0.
        tree: what `tree_buffers(choices, K, topk)` returned.
        length: how many slots the cache has; it may be 0.
        topk: as given to `tree_buffers`.

    Returns:
        (tokens, answer): the token of each node, (n,) int64, and what `step` returned.
    """
    raise NotImplementedError("tree_pass: chapter, step 4")


# %% tags=["explore"]
def show_step(tokens, positions, mask):
    """Stand in for a model: print what it is asked."""
    print("tokens", tokens.tolist(), "positions", positions.tolist())
    print(mask.int())
    return torch.zeros(len(tokens), 4), torch.zeros(len(tokens), 2, 4)


with attempt():
    small = tree_buffers([(0,), (0, 0), (0, 1), (1,)], 2, 2)
    rows = torch.tensor([[0.0, 3, 2, 1], [5, 0, 0, 5]])
    tree_pass(show_step, 2, rows, small, 3, topk=2)

# %% tags=["check"]
check("tree_pass")

# %% [markdown]
# ## 5. `accept_greedy`
# Chapter, step 5.


# %% tags=["task"] task="accept_greedy"
def accept_greedy(logits, tokens, tree):
    """Keep the longest path that plain greedy decoding would have written.

    The root is always accepted. Any other node is accepted if its parent is, and if its
    token is the one with the largest logit at its parent. Of several longest paths the
    first one in tree["paths"] counts.

    Args:
        logits: (n, V), the language model's at each node. Some may be -inf, never all
            of a row.
        tokens: (n,), the token of each node; here siblings may have the same one.
        tree: what `tree_buffers` returned.

    Returns:
        (nodes, token): the list of accepted nodes from the root on, and the token with
        the largest logit at the last of them; ints.
    """
    raise NotImplementedError("accept_greedy: chapter, step 5")


# %% tags=["explore"]
wanted = F.one_hot(torch.tensor([5, 7, 1, 0, 2]), 8).float()
with attempt():
    small = tree_buffers([(0,), (0, 0), (0, 1), (1,)], 2, 3)
    print(accept_greedy(wanted, torch.tensor([3, 5, 6, 4, 7]), small))

# %% tags=["check"]
check("accept_greedy")

# %% [markdown]
# ## 6. `accept_typical`
# Chapter, step 6.


# %% tags=["task"] task="accept_typical"
def accept_typical(logits, tokens, tree, temperature, epsilon=0.09, delta=0.3):
    """Keep the longest path of which every token is likely enough.

    Let p be the softmax of logits / temperature at a node, and H its entropy in nats,
    where 0 log 0 is 0. A child of the node is likely enough if

        p[its token] > min(epsilon, delta * exp(-H)),

    so not if they are equal. The root is always accepted, any other node if it is
    likely enough and its parent is accepted. Of several longest paths that with the
    largest product of its tokens' probabilities counts (the root's is none of them),
    and of equal ones the first in tree["paths"].

    Args:
        logits: (n, V), the language model's at each node. Some may be -inf, never all
            of a row; they may be large. Compute in float64.
        tokens: (n,), the token of each node; here siblings may have the same one.
        tree: what `tree_buffers` returned.
        temperature: 0 or more; at 0 the result is that of `accept_greedy`.
        epsilon: 0 or more.
        delta: 0 or more.

    Returns:
        (nodes, token): the list of accepted nodes from the root on, and the token with
        the largest logit at the last of them; ints.
    """
    raise NotImplementedError("accept_typical: chapter, step 6")


# %% tags=["explore"]
flat = torch.zeros(5, 8)  # all tokens are equally likely: 1/8 > min(0.09, 0.3/8)
with attempt():
    small = tree_buffers([(0,), (0, 0), (0, 1), (1,)], 2, 3)
    print(accept_typical(flat, torch.tensor([3, 5, 6, 4, 7]), small, 1.0))
    print(accept_typical(wanted * 9, torch.tensor([3, 5, 6, 4, 7]), small, 1.0))

# %% tags=["check"]
check("accept_typical")

# %% [markdown]
# ## 7. `best_tree`
# Chapter, step 7.


# %% tags=["task"] task="best_tree"
def best_tree(accuracy, budget):
    """Find the tree of guesses that yields the most tokens in a pass.

    accuracy[k - 1][r] is how often the guess of rank r of head k is right. Heads are
    taken to be independent: a node is right with the product of the accuracies on its
    way, and a pass yields one token and one more for each node that is right.

    Args:
        accuracy: K lists of R floats from 0 to 1 each; K >= 1, R >= 1. A later rank
            may be the more accurate one.
        budget: the most nodes that the tree may have, beside the root; 0 or more.

    Returns:
        (choices, length): the nodes as a list of tuples of ints, parents among them, in
        the order of `tree_buffers`; and the expected number of tokens, a float. Of
        nodes that are equally often right, the less deep one is taken first, and of the
        same depth the one that comes first in that order. A node that is never right is
        not taken.

    Costs:
        12 heads, 10 ranks and a budget of 256 take less than a second.
    """
    raise NotImplementedError("best_tree: chapter, step 7")


# %% tags=["explore"]
with attempt():
    for budget in range(5):
        print(budget, *best_tree([[0.5, 0.25], [0.5, 0.125]], budget))

# %% tags=["check"]
check("best_tree")

# %% [markdown]
# ## 8. `medusa_generate`
# Chapter, step 8.


# %% tags=["task"] task="medusa_generate"
def medusa_generate(
    step, keep, prompt, choices, max_new, *,
    topk=10, temperature=0.0, epsilon=0.09, delta=0.3, end=None,
):  # fmt: skip
    """Write on from a prompt, several tokens a pass.

    The first pass reads the prompt into the empty cache, each token of it attending to
    itself and all before it. The language model's largest logit at the last one is the
    first new token. From then on each pass runs a tree:
    its root is the newest token, its guesses are the heads' logits at the node before
    it, the last one accepted (at first: the prompt's last token). `accept_typical` says
    which nodes are kept, and the token that follows them. The tokens of the kept nodes
    but the root, and that token, are the new ones.

    Args:
        step: the model, as before task 4.
        keep: `keep(slots)`, slots a list of ints: the cache keeps these slots, in this
            order, and forgets all others. Call it once after each pass over a tree,
            the last one too.
        prompt: (p,) int64, p >= 1.
        choices: the tree, as for `tree_buffers`; [] is plain decoding.
        max_new: how many tokens to write; 0 or more.
        topk: how many guesses of each head can be used; V >= topk.
        temperature: 0: exactly the tokens of plain greedy decoding.
        epsilon: as for `accept_typical`, likewise delta.
        delta: as for `accept_typical`.
        end: writing ends after this token, the prompt's own tokens set aside; None:
            no token ends it.

    Returns:
        The list of new tokens, ints, at most max_new: what would come after that, or
        after `end`, is left out. No pass is made once enough is known.

    Raises:
        ValueError: the prompt has no token or not one axis; nothing is run then. Or
            `tree_buffers` refuses the tree, which may show with max_new >= 2 only.
    """
    raise NotImplementedError("medusa_generate: chapter, step 8")


# %% tags=["explore"]
with attempt():
    # A model that counts: after token t comes t + 1; its heads count as well.
    log = []

    def count_step(tokens, positions, mask):
        """Be sure of the next numbers."""
        log.append(len(tokens))
        after = tokens[:, None] + 1 + torch.arange(3)
        rows = F.one_hot(after % 30, 30).float()
        return rows[:, 0], rows[:, 1:]

    chain = [(0,), (0, 0), (1,)]
    print(medusa_generate(count_step, log.append, torch.tensor([3, 4]), chain, 7))
    print("nodes of each pass, slots kept:", log)


# %% tags=["explore"]
class Decoder:
    """The course's own model, which reads characters, behind `step` and `keep`."""

    def __init__(self):
        self.model, self.heads, self.cache = lm.load(), [], lm.Cache()
        self.passes = 0
        for weights in lm.load_medusa():
            head = MedusaHead(weights["w2.weight"])
            names = {
                "w1.0.weight": weights["w1.weight"],
                "w2.weight": weights["w2.weight"],
            }
            head.load_state_dict(names)
            self.heads.append(head)

    @torch.no_grad()
    def step(self, tokens, positions, mask):
        """Run tokens through the trunk, the LM head and the Medusa heads."""
        self.passes += 1
        hidden = self.model.hidden(tokens[None], self.cache, positions, mask)
        h = self.model.norm(hidden)[0]
        return self.model.head(h), torch.stack([head(h) for head in self.heads], dim=1)


with attempt():
    for what, tree in (("plain", []), ("a chain", [(0,), (0, 0), (0, 0, 0)])):
        decoder, prompt = Decoder(), lm.encode("The gradient of a function")
        new = medusa_generate(decoder.step, decoder.cache.keep, prompt, tree, 60)
        print(f"{what}, {decoder.passes} passes:", repr(lm.decode(new)))

# %% tags=["check"]
check("medusa_generate")
