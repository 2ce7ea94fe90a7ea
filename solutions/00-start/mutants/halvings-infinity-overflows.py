"""An infinite scale reaches the rounding, which raises OverflowError.

task: halvings
severity: edge
look: Chapter, step 3: refuse infinity before you compute.
"""


def halvings(scale, limit):
    if not scale > 0 or not limit > 0:
        raise ValueError("needs positive numbers")
    return max(0, math.ceil(math.log2(scale / limit)))
