"""The sum is divided by n - 1 instead of n.

task: mean
look: Chapter, step 1.
"""


def mean(x):
    if x.size == 0:
        raise ValueError("empty")
    return float(np.sum(x, dtype=np.float64) / max(x.size - 1, 1))
