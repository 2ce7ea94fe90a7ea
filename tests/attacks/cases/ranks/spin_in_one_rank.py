"""One rank never comes back.

task: shift
verdict: timeout
"""


def shift(x, link):
    while link.rank == 1:
        pass
    return link.recv((link.rank - 1) % link.n)
