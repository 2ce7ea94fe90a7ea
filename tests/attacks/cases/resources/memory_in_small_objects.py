"""Take memory in many small objects, which costs more time than a few large ones.

task: scale
verdict: memory
"""


def scale(x, factor):
    taken = []
    while True:
        taken.append([factor])
