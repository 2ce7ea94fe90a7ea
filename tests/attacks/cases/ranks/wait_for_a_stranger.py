"""Wait for a request of another rank, to learn when it was taken.

task: total
verdict: crash
"""


def total(x, link):
    if link.rank == 1:
        link.isend(0, x).wait()
    elif link.rank == 2:
        link._call("wait", 1)
    return x
