"""Return a view whose strides leave the memory that it was made of.

task: weigh
verdict: crash
"""


def weigh(x):
    made = torch.zeros(4)
    return torch.as_strided(made, (3, 5), (10**12, 1))
