"""It overwrites x, which belongs to the caller.

task: normalise
look: Chapter, step 2: "Leave x as it is".
"""


def normalise(x):
    if x.dtype != np.float64:
        x = x.astype(np.float64)
    if x.max() == x.min():
        return np.zeros_like(x)
    x -= x.mean()
    x /= np.sqrt(np.mean(x**2))
    return x
