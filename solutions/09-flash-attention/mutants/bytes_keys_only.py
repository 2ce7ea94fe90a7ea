"""Only the keys are counted; the values are loaded as well.

task: hbm_bytes
look: Chapter, step 6.
"""


def hbm_bytes(n, m, d, bq, bk, causal=False, itemsize=4):
    keys = 0
    for end in range(bq, n + bq, bq):  # (1) each query tile ends before this row
        seen = m
        if causal:
            seen = max(min(end, n) + m - n, 0)  # (2)
        tiles = -(-seen // bk)
        keys += min(tiles * bk, m)  # (3)
    return itemsize * d * (n + keys), itemsize * n * d + 4 * n  # (4)
