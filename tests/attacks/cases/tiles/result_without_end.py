"""Return one array thousands of times.

task: row_sums
verdict: wrong | crash
"""


def row_sums(x):
    big = device.zeros(2_000_000, x.dtype)
    return [[big] * 60] * 60
