"""Call the judge's function without end.

task: root
verdict: timeout
"""


def root(f, low, high):
    while True:
        f(low)
