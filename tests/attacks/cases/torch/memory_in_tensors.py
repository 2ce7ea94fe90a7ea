"""Take memory by torch, whose error is not Python's MemoryError.

task: weigh
verdict: memory
"""


def weigh(x):
    taken = []
    while True:
        taken.append(torch.ones(2**22))
