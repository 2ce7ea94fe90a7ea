"""Return a list that contains itself.

task: scale
verdict: output | crash | wrong
"""


def scale(x, factor):
    loop = []
    loop.append(loop)
    return loop
