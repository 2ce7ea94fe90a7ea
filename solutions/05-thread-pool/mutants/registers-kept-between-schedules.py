"""The final x of one schedule is where the next one starts.

task: lost_updates
look: Chapter, step 2.
"""


def lost_updates(first: int = 1, second: int = 1) -> dict[int, int]:
    """Count in how many schedules two threads that increment x end with which x."""
    steps = ("load", "add", "store")
    ours, theirs = ([(who, s) for s in steps] for who in (0, 1))
    final: Counter[int] = Counter()
    x = 0
    for schedule in interleavings(ours * first, theirs * second):
        register = [0, 0]
        for who, step in schedule:
            if step == "load":
                register[who] = x
            elif step == "add":
                register[who] += 1
            else:
                x = register[who]
        final[x] += 1
    return dict(final)
