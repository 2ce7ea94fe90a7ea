"""NaN and negative numbers are not refused: no comparison with them is true.

task: halvings
look: Chapter, step 3: ask what is allowed, not what is forbidden.
"""


def halvings(scale, limit):
    if limit <= 0 or scale == math.inf or limit == math.inf:
        raise ValueError(limit)
    count = 0
    while scale > limit:
        scale /= 2
        count += 1
    return count
