"""Create files until no name is left.

task: scale
verdict: crash
"""


def scale(x, factor):
    for number in range(10**9):
        with open(f"/tmp/{number}", "w"):
            pass
