"""Print without end.

task: scale
verdict: output
"""


def scale(x, factor):
    while True:
        print("x" * 1000)
