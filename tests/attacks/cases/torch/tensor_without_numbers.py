"""Return tensors that hold no numbers: on the meta device, sparse, quantized.

task: weigh
verdict: wrong
"""

_turn = iter(range(10**6))


def weigh(x):
    sparse, meta = x.to_sparse(), x.to("meta")
    return [meta, sparse, [meta, sparse]][next(_turn) % 3]
