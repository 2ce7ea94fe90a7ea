"""Pretend to be another rank, whose messages weigh on that one.

task: total
verdict: wrong | crash
"""


def total(x, link):
    own = link.rank
    if own:
        link.rank = 3 - own
        link.send(0, x)
        link.send(0, x[:0])
        return None
    first = link.recv(1)
    return x + first * 2
