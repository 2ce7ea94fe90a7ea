"""Send an array of text, which is no number.

task: total
verdict: crash
"""

import numpy as np


def total(x, link):
    if link.rank:
        link._call("send", 0, np.array([x.tobytes().hex()]))
        return None
    return link._call("recv", 1)
