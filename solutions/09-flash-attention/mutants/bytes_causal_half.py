"""The causal count is half of the full one; the diagonal tiles are whole.

task: hbm_bytes
look: Chapter, step 6.
"""


def hbm_bytes(n, m, d, bq, bk, causal=False, itemsize=4):
    keys = -(-n // bq) * m
    if causal:
        keys //= 2
    return itemsize * d * (n + 2 * keys), itemsize * n * d + 4 * n
