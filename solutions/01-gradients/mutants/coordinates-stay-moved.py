"""Each coordinate stays moved while the next ones are measured.

task: gradient
look: Chapter, step 2: one coordinate at a time.
"""


def gradient(f, x):
    x = point(x)
    slopes = []
    for i in range(x.size):
        slopes.append(partial(f, x, i))
        x[i] += default_step(x, x[i], 3)
    return np.array(slopes)
