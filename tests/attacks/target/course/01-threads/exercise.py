# %% tags=["task"] task="Counter"
class Counter:
    """Counts what several threads add."""

    def __init__(self):
        raise NotImplementedError("Counter: target")


# %% tags=["task"] task="Gate"
class Gate:
    """Holds threads until it is opened."""

    def __init__(self):
        raise NotImplementedError("Gate: target")
