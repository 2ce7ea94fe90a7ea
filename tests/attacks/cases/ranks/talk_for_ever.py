"""Two ranks pass one number to and fro for ever, each of them nearly idle.

task: total
verdict: timeout
"""


def total(x, link):
    while link.rank < 2:
        if link.rank:
            link.send(0, x)
            link.recv(0)
        else:
            link.recv(1)
            link.send(1, x)
    return x
