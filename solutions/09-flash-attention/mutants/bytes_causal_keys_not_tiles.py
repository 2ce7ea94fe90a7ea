"""Visible keys are counted one by one; a tile is loaded whole.

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
        keys += seen  # (3)
    return itemsize * d * (n + 2 * keys), itemsize * n * d + 4 * n  # (4)
