"""Return a view that shows one number more often than any memory could hold.

task: weigh
verdict: output
"""


def weigh(x):
    return torch.zeros(1).expand(10**10)
