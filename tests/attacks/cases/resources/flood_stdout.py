"""Print without end.

task: scale
verdict: output | timeout
"""


def scale(x, factor):
    while True:
        print("x" * 1000)
