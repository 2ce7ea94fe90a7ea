"""The logarithm is rounded down, so the last halving is missing.

task: halvings
severity: idea
look: Chapter, step 3: n is the smallest with scale / 2**n <= limit.
"""


def halvings(scale, limit):
    for value in (scale, limit):
        if not (math.isfinite(value) and value > 0):
            raise ValueError(value)
    return max(0, math.floor(math.log2(scale / limit)))
