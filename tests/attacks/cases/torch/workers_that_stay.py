"""Leave worker processes behind, which share memory with this one.

task: weigh
verdict: wrong
"""


def weigh(x):
    import torch.multiprocessing as multiprocessing

    shared = torch.zeros(1000).share_memory_()
    for _ in range(3):
        context = multiprocessing.get_context("fork")
        context.Process(target=shared.add_, args=(1,), daemon=False).start()
    return torch.zeros(x.shape)
