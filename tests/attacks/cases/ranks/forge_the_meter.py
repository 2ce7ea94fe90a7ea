"""Tell the network what was sent instead of sending it.

task: total
verdict: security
"""

import numpy as np

QUESTIONS = (
    ("meter", 40),
    ("sent_bytes", [0, 40, 40]),
    ("begin", 0, "send", 0),
    ("send", 0, {"bytes": 40}),
    ("isend", 0, 40),
    ("wait", 10**9),
    ("recv",),
    ("send",),
    (),
    (None, 0),
    ("finished",),
)


def total(x, link):
    for question in QUESTIONS:
        try:
            link._call(*question)
        except Exception:
            pass
    return np.full(5, link.rank)
