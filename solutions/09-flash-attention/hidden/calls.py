"""Calls inside the sandbox that look at more than the answer.

One hands over strided views and shows what became of the arguments, the other measures
memory.
"""

from autograder.student.testing import check


def call_with_strided_arrays(module, name, args, options):
    """Call a function on strided views; return result and the inputs afterwards."""
    import numpy as np

    # The same values, but stored with the second last two axes exchanged.
    views = []
    for x in args:
        order = list(range(x.ndim))
        if x.ndim > 2:
            order[1], order[2] = order[2], order[1]
        else:
            order.reverse()
        views.append(np.ascontiguousarray(x.transpose(order)).transpose(order))
    result = getattr(module, name)(*views, **options)
    return result, views


def call_and_measure_memory(module, name, args, options, limit):
    """Say whether a call holds so many bytes at once.

    Python itself may grow a table at any moment, so a peak above the limit is measured
    again; an N x M array comes back every time.
    """
    import tracemalloc
    import types

    # It looks up the line of each allocation: most of its time, and of no use here.
    functions = [f for f in vars(module).values() if type(f) is types.FunctionType]
    codes = [f.__code__ for f in functions]
    for f in functions:
        f.__code__ = f.__code__.replace(co_linetable=b"")
    peaks = []
    try:
        while len(peaks) < 3 and (not peaks or peaks[-1] >= limit):
            tracemalloc.start()
            getattr(module, name)(*args, **options)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    except Exception:
        peaks = []
    finally:
        tracemalloc.stop()
        for f, code in zip(functions, codes, strict=True):
            f.__code__ = code
    if not peaks:  # it raised: again, to be told where
        getattr(module, name)(*args, **options)
    return bool(peaks) and peaks[-1] >= limit


def check_memory(student, name, make_args, look):
    """Refuse N x M elements: at four bytes each they show in the peak of 24 tiles."""
    found = []
    for n, m, bq, bk in ((64, 768, 64, 32), (768, 64, 32, 64)):
        options = {"bq": bq, "bk": bk, "causal": n < m}
        data = {"args": list(make_args(n, m)), "options": options, "limit": 4 * n * m}
        found.append(student.run(call_and_measure_memory, name=name, **data))
    for held, tile in zip(found, ("queries", "keys"), strict=True):
        check.true(
            not held,
            where=f"{name}, memory where one tile holds all {tile}",
            evidence="N x M elements or more were allocated at once",
            look=look,
        )
