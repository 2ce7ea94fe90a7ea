"""Never finish loading.

task: scale
verdict: crash
"""

while True:
    pass


def scale(x, factor):
    return factor * x
