"""The sum is kept in the dtype of x, where small integers overflow.

task: mean
look: Chapter, step 1: "any integer or float dtype".
"""


def mean(x):
    if x.size == 0:
        raise ValueError("empty")
    return float(np.sum(x, dtype=x.dtype) / x.size)
