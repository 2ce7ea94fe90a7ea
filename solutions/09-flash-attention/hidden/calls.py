"""Calls that ask for more than the answer: strided views, and little memory."""

import numpy as np

from autograder.student.proxy import StudentMemory
from autograder.student.testing import check

#: Memory for a call of `check_memory`, whose N x M float32 numbers take 4 MiB.
MEMORY_MB = 3


def call_with_strided_arrays(student, name, args, options):
    """Call a function on strided views; return result and the inputs afterwards."""
    # The same values, but stored with the second last two axes exchanged.
    views = []
    for x in args:
        order = list(range(x.ndim))
        if x.ndim > 2:
            order[1], order[2] = order[2], order[1]
        else:
            order.reverse()
        view = np.ascontiguousarray(x.transpose(order)).transpose(order)
        views.append(student.keep(view))
    result = getattr(student, name)(*views, **options)
    return result, [student.fetch(view) for view in views]


#: What a call of `check_memory` is: words, N, M, keys that exist, whether causal, and
#: how it is tiled. In the last two a mask of booleans takes too much: 16 MiB for all
#: M keys in one, for those that exist 4 MiB in the other. There most queries see
#: nothing, so that who skips what nobody sees is done soon.
CASES = (
    ("one tile holds all queries", 64, 2**14, None, True, {"bq": 64, "bk": 256}),
    ("one tile holds all keys", 2**14, 64, None, False, {"bq": 256, "bk": 64}),
    ("few of the keys exist", 2**12, 2**12, 16, True, {"bq": 2**11, "bk": 16}),
    ("all keys exist", 2**13, 2**9, None, True, {"bq": 128, "bk": 256}),
)


def check_memory(student, name, make_args, judge, look):
    """Call where N x M numbers do not fit into `MEMORY_MB`.

    The kernel grants no more: nothing that the submission says about its memory counts.

    Args:
        student: the submission.
        name: the function.
        make_args: gives its arguments, for numbers of queries and keys and options.
        judge: judges rows of the answer: arguments, answer, (row, its keys), where.
        look: where to read on.
    """
    asked, short = [], []
    for words, n, m, length, causal, tiles in CASES:
        where = f"{name}, memory where {words}"
        options = {**tiles, "causal": causal}
        if length is not None:
            options["kv_len"] = [length]
        args, got = make_args(n, m, options), None
        try:
            got = getattr(student, name)(*args, **options)
        except StudentMemory:
            short.append(where)
        asked.append((n, length or m, causal, args, got, where))
    evidence = f"{MEMORY_MB} MB are not enough: N x M elements at once?"
    for n, keys, causal, args, got, where in asked:
        check.true(where not in short, where=where, evidence=evidence, look=look)
        first = max(0, n - keys) if causal else 0  # the first query that sees a key
        for row in (first, (first + n) // 2, n - 1):
            judge(args, got, row, row + keys - n + 1 if causal else keys, where)
