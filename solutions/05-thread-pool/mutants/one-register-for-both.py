"""Both threads load into the same register: each has one of its own.

task: lost_updates
look: Chapter, step 2.
"""


def lost_updates(first: int = 1, second: int = 1) -> dict[int, int]:
    """Count in how many schedules two threads that increment x end with which x."""
    steps = ("load", "add", "store")
    ours, theirs = ([(who, s) for s in steps] for who in (0, 1))
    final: Counter[int] = Counter()
    for schedule in interleavings(ours * first, theirs * second):
        x, register = 0, [0, 0]
        for who, step in schedule:
            if step == "load":
                register[0] = register[1] = x
            elif step == "add":
                register[0] = register[1] = register[who] + 1
            else:
                x = register[who]
        final[x] += 1
    return dict(final)
