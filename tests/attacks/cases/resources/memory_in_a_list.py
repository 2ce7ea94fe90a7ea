"""Let one list grow without end.

task: scale
verdict: memory
"""


def scale(x, factor):
    taken = [x]
    while True:
        taken += taken
