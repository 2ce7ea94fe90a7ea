"""Send an object, which another rank might ask for more.

task: total
verdict: crash
"""


class Box:
    def __init__(self, x):
        self.x = x


def total(x, link):
    if link.rank:
        link._call("send", 0, Box(x))
        return None
    return x + sum(link._call("recv", s).x for s in range(1, link.n))
