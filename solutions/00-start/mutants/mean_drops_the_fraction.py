"""The division drops the fraction: // where / belongs.

task: mean
look: Chapter, step 1.
"""


def mean(x):
    if x.size == 0:
        raise ValueError("empty")
    return float(np.sum(x, dtype=np.float64) // x.size)
