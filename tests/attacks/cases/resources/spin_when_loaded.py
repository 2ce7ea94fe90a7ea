"""Never finish loading.

task: scale
verdict: timeout | crash
"""

while True:
    pass


def scale(x, factor):
    return factor * x
