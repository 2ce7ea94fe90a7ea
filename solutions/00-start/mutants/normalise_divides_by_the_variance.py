"""It divides by the variance: the square root is missing.

task: normalise
look: Chapter, step 2.
"""


def normalise(x):
    x = np.asarray(x, dtype=np.float64)
    if x.max() == x.min():
        return np.zeros_like(x)
    return (x - x.mean()) / x.var()
