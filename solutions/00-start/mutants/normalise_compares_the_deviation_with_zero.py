"""Equal values are found by a deviation of exactly 0, which rounding misses.

task: normalise
look: Chapter, step 2: decide before any arithmetic has rounded.
"""


def normalise(x):
    x = np.asarray(x, dtype=np.float64)
    deviation = x.std()
    if deviation == 0:
        return np.zeros_like(x)
    return (x - x.mean()) / deviation
