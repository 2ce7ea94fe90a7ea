"""The deviation divides by n - 1: the sample's, where the population's belongs.

task: normalise
look: Chapter, step 2.
"""


def normalise(x):
    x = np.asarray(x, dtype=np.float64)
    if x.max() == x.min():
        return np.zeros_like(x)
    return (x - x.mean()) / x.std(ddof=1)
