"""Ask the judge's function for what takes it years, again whenever it gives up.

task: root
verdict: timeout
"""


def root(f, low, high):
    while True:
        try:
            f(1e15)
        except Exception:
            pass
