"""The slow way of lesson 11: one pass over all weights for one token."""

import torch


# --8<-- [start:slow]
def plain(step, prompt, max_new):
    """Write on from a prompt by plain greedy decoding: a pass for each token."""
    length = len(prompt)
    mask = torch.ones(length, length, dtype=torch.bool).tril()
    logits, _ = step(prompt, torch.arange(length), mask)
    written = [int(logits[-1].argmax())]
    while len(written) < max_new:
        newest = torch.tensor(written[-1:])
        seen = torch.ones(1, length + 1, dtype=torch.bool)
        logits, _ = step(newest, torch.tensor([length]), seen)
        written.append(int(logits[0].argmax()))
        length += 1
    return written


# --8<-- [end:slow]
