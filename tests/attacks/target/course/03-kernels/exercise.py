# %% tags=["task"] task="scaled"
def scaled(x, factor):
    """Return x times a factor, by a kernel."""
    raise NotImplementedError("scaled: target")


# %% tags=["task"] task="row_sums"
def row_sums(x):
    """Return the sum of each row of x, by a kernel."""
    raise NotImplementedError("row_sums: target")
