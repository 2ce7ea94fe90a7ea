"""The variance is E[x^2] - E[x]^2, which cancels far from zero.

task: normalise
look: Chapter, step 2: subtract the mean before you square.
"""


def normalise(x):
    x = np.asarray(x, dtype=np.float64)
    if x.max() == x.min():
        return np.zeros_like(x)
    small = x.astype(np.float64)
    variance = np.mean(small * small) - np.mean(small) * np.mean(small)
    with np.errstate(all="ignore"):
        return (x - x.mean()) / np.sqrt(variance)
