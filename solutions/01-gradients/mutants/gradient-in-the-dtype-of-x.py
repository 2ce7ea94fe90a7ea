"""The gradient is collected in an array of the dtype of x: with integers it is cut to
whole numbers.

task: gradient
look: Which dtype does `np.zeros_like(x)` have?
"""


def gradient(f, x):
    slopes = np.zeros_like(x)
    for i in range(slopes.size):
        slopes[i] = partial(f, x, i)
    return slopes
