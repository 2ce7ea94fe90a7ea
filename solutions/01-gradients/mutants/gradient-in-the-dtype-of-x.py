"""The gradient is collected in the dtype of x: for integers it loses its fractions.

task: gradient
look: Which dtype does `np.zeros_like(x)` have?
"""


def gradient(f, x):
    slopes = np.zeros_like(x)
    for i in range(slopes.size):
        slopes[i] = partial(f, x, i)
    return slopes
