"""The law of a walk from all of its walks, which the chapter takes apart."""

import itertools


# --8<-- [start:slow]
def law(n, p):
    chance = dict.fromkeys(range(-n, n + 1), 0.0)
    for steps in itertools.product((1, -1), repeat=n):
        ups = steps.count(1)
        chance[sum(steps)] += p**ups * (1 - p) ** (n - ups)
    return chance


# --8<-- [end:slow]
