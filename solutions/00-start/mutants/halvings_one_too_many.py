"""It halves once more where scale already equals limit: >= where > belongs.

task: halvings
look: Chapter, step 3: "at most".
"""


def halvings(scale, limit):
    for value in (scale, limit):
        if not (math.isfinite(value) and value > 0):
            raise ValueError(value)
    count = 0
    while scale >= limit:
        scale /= 2
        count += 1
    return count
