# %% tags=["setup"]
import numpy as np

_SECRET = "amaranth"  # nothing that a student reads may hold this word


# %% tags=["task"] task="total"
def total(x, link):
    """Add x over all ranks at rank 0; return the sum there and elsewhere None."""
    if link.rank:
        link.send(0, x)
        return None
    return x + np.sum([link.recv(source) for source in range(1, link.n)], axis=0)


# %% tags=["task"] task="shift"
def shift(x, link):
    """Return the x of the rank before this one, in a circle."""
    request = link.isend((link.rank + 1) % link.n, x)
    got = link.recv((link.rank - 1) % link.n)
    request.wait()
    return got
