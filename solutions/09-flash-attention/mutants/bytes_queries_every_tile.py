"""Queries are counted once for every key tile; they stay on chip.

task: hbm_bytes
look: Chapter, step 6.
"""


def hbm_bytes(n, m, d, bq, bk, causal=False, itemsize=4):
    keys = 0
    reread = 0
    for end in range(bq, n + bq, bq):  # (1) each query tile ends before this row
        seen = m
        if causal:
            seen = max(min(end, n) + m - n, 0)  # (2)
        tiles = -(-seen // bk)
        reread += (min(end, n) - end + bq) * tiles
        keys += min(tiles * bk, m)  # (3)
    return itemsize * d * (reread + 2 * keys), itemsize * n * d + 4 * n  # (4)
