"""Each thread increments once, whatever was asked for.

task: lost_updates
look: Chapter, step 2.
"""


def lost_updates(first: int = 1, second: int = 1) -> dict[int, int]:
    """Count in how many schedules two threads that increment x end with which x."""
    steps = ("load", "add", "store")
    ours, theirs = ([(who, s) for s in steps] for who in (0, 1))
    final: Counter[int] = Counter()
    for schedule in interleavings(ours * min(first, 1), theirs * min(second, 1)):
        x, register = 0, [0, 0]
        for who, step in schedule:
            if step == "load":
                register[who] = x
            elif step == "add":
                register[who] += 1
            else:
                x = register[who]
        final[x] += 1
    return dict(final)
