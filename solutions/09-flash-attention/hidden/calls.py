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


def check_memory(student, name, make_args, judge, look):
    """Call where N x M float32 numbers do not fit into `MEMORY_MB`.

    The kernel grants no more: nothing that the submission says about its memory counts.

    Args:
        student: the submission.
        name: the function.
        make_args: gives its arguments, for numbers of queries and keys.
        judge: judges rows of the answer: arguments, answer, (row, its keys), where.
        look: where to read on.
    """
    asked, short = [], []
    for n, m, bq, bk, tile in (
        (64, 2**14, 64, 256, "queries"),
        (2**14, 64, 256, 64, "keys"),
    ):
        where = f"{name}, memory where one tile holds all {tile}"
        args, got = make_args(n, m), None
        try:
            got = getattr(student, name)(*args, bq=bq, bk=bk, causal=n < m)
        except StudentMemory:
            short.append(where)
        asked.append((n, m, args, got, where))
    evidence = f"{MEMORY_MB} MB are not enough: N x M elements at once?"
    for n, m, args, got, where in asked:
        check.true(where not in short, where=where, evidence=evidence, look=look)
        for row in (0, n // 2, n - 1):
            judge(args, got, row, row + m - n + 1 if n < m else m, where)
