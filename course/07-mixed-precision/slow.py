"""The naive way that the chapter takes apart: everything in sixteen bits."""

import numpy as np


# --8<-- [start:slow]
def naive_step(weights, batch, backward, lr):
    half = [w.astype(np.float16) for w in weights]
    loss, grads = backward(half, batch, 1.0)
    steps = [np.float16(lr) * g for g in grads]
    return loss, [w - step for w, step in zip(half, steps, strict=True)]


# --8<-- [end:slow]
