"""Send plain numbers past the part of the link that asks for arrays.

task: total
verdict: crash
"""


def total(x, link):
    if link.rank:
        for value in x:
            link._call("send", 0, float(value))
        return None
    out = x.copy()
    for source in range(1, link.n):
        for i in range(len(x)):
            out[i] += link._call("recv", source)
    return out
