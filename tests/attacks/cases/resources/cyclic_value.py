"""Return a list that contains itself.

task: scale
verdict: output
"""


def scale(x, factor):
    loop = []
    loop.append(loop)
    return loop
