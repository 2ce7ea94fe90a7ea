"""An infinite scale stays infinite when halved, so the loop never ends.

task: halvings
look: Chapter, step 3: this loop never ends.
"""


def halvings(scale, limit):
    if not scale > 0 or not limit > 0:
        raise ValueError("needs positive numbers")
    count = 0
    while scale > limit:
        scale /= 2
        count += 1
    return count
