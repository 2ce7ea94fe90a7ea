"""Ask for threads while loading, which no fork would inherit, and use them.

task: weigh
verdict: wrong
"""

torch.set_num_threads(16)
_ = (torch.ones(1500, 300) @ torch.ones(300, 1500)).sum()


def weigh(x):
    torch.set_num_threads(16)
    big = torch.ones(1500, 300) @ torch.ones(300, 1500)
    return torch.full(x.shape, float(big[0, 0]))
