"""Equal values give 0 / 0: the case without spread is missing.

task: normalise
look: Chapter, step 2: no spread, no scale.
"""


def normalise(x):
    x = np.asarray(x, dtype=np.float64)
    centred = x - x.mean()
    with np.errstate(all="ignore"):
        return centred / np.sqrt(np.mean(centred**2))
