# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% [markdown]
# # Template title
#
# Read the [chapter](index.md) beside this file. Fill the cell that raises
# `NotImplementedError` and keep its name and parameters. Explore and check cells are
# never graded, so change them as you like.

# %% tags=["setup"]
import numpy as np

from autograder.student import attempt, check

# %% [markdown]
# ## 1. `template_task`
# Add the numbers up as they come, and keep every sum on the way. Chapter, step 1.


# %% tags=["task"] task="template_task"
def template_task(x: np.ndarray) -> np.ndarray:
    """Return the running sums of x.

    Args:
        x: Numbers, (n,), n >= 1, any integer or float dtype.

    Returns:
        A new float64 array, (n,): entry k is x[0] + ... + x[k].
    """
    raise NotImplementedError("template_task: chapter, step 1")


# %% tags=["explore"]
with attempt():
    numbers = np.array([3, 1, 4, 1, 5])
    print("running sums:", template_task(numbers))

# %% tags=["check"]
check("template_task")
