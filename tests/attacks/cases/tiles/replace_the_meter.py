"""Replace the simulator's recorder and meter in the submission's own process.

task: flash_kernel
verdict: wrong | crash | security
"""


def flash_attention(
    q, k, v, *, scale=None, block_m=32, block_n=16, axes=((0, 1, 2, 3),) * 3
):
    import sys

    for name, module in list(sys.modules.items()):
        if name.startswith("autograder.student.lab"):
            for attribute, value in list(vars(module).items()):
                if callable(value) and not attribute.startswith("__"):
                    setattr(module, attribute, lambda *args, **kwargs: {"launches": []})
    return flash_forward(q, k, v, causal=False, bq=block_m, bk=block_n, scale=scale)
