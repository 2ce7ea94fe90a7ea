# %% tags=["task"] task="total"
def total(x, link):
    """Add x over all ranks at rank 0; return the sum there and elsewhere None."""
    raise NotImplementedError("total: target")


# %% tags=["task"] task="shift"
def shift(x, link):
    """Return the x of the rank before this one, in a circle."""
    raise NotImplementedError("shift: target")
