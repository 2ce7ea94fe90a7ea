"""Return a tensor that carries a graph and hooks of Python with it.

task: slope
verdict: wrong
"""


class Odd(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return torch.zeros_like(x)

    @staticmethod
    def backward(ctx, g):
        raise SystemExit


def slope(f, x):
    made = Odd.apply(x.clone().requires_grad_())
    made.register_hook(lambda g: print("hooked"))
    return made
