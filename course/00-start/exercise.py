# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% [markdown]
# # Start here
#
# Read the [chapter](index.md) first: it takes ten minutes.
# Fill the three cells that raise `NotImplementedError` and keep the names: the grader
# finds each task by its name and runs it beside a hidden reference. It never runs the
# explore and check cells, so change them as you like.

# %% tags=["setup"]
import numpy as np

from autograder.student import attempt, check

# %% [markdown]
# ## 1. `mean`
# The arithmetic mean of the numbers in `x`. Chapter, step 1.


# %% tags=["task"] task="mean"
def mean(x: np.ndarray) -> float:
    """Return the arithmetic mean.

    Args:
        x: Numbers, (n,), n >= 1, any integer or float dtype.

    Returns:
        The sum divided by n.

    Raises:
        ValueError: x is empty.
    """
    raise NotImplementedError("mean: chapter, step 1")


# %% tags=["explore"]
with attempt():
    print("mean of 1, 2, 3, 4:", mean(np.array([1, 2, 3, 4])))

# %% tags=["check"]
check("mean")

# %% [markdown]
# ## 2. `normalise`
# Shift and scale `x` so that its mean is 0 and its standard deviation is 1. Where all
# values are equal there is no scale: return zeros. Leave `x` as it is. Chapter, step 2.


# %% tags=["task"] task="normalise"
def normalise(x: np.ndarray) -> np.ndarray:
    """Return x with mean 0 and population standard deviation 1.

    Args:
        x: Numbers, (n,), n >= 1. Not changed.

    Returns:
        A new float64 array, (n,); zeros where all values of x are equal.
    """
    raise NotImplementedError("normalise: chapter, step 2")


# %% tags=["explore"]
with attempt():
    z = normalise(np.array([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]))
    print("normalised:", z, " mean:", z.mean(), " deviation:", z.std())

# %% tags=["check"]
check("normalise")

# %% [markdown]
# ## 3. `halvings`
# How many times must `scale` be halved until it is at most `limit`? Mixed-precision
# training asks this after an overflow (lesson 7). Chapter, step 3.


# %% tags=["task"] task="halvings"
def halvings(scale: float, limit: float) -> int:
    """Return how many halvings bring scale down to limit or below.

    Args:
        scale: A positive, finite number.
        limit: A positive, finite number.

    Returns:
        The smallest n >= 0 with scale / 2**n <= limit.

    Raises:
        ValueError: scale or limit is zero, negative, infinite or NaN.
    """
    raise NotImplementedError("halvings: chapter, step 3")


# %% tags=["explore"]
with attempt():
    for scale in (65536.0, 1000.0, 1.0):
        print(scale, "->", halvings(scale, 1000.0), "halvings")

# %% tags=["check"]
check("halvings")
