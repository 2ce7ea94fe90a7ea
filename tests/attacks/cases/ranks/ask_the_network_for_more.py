"""Ask the network for what its own methods are called.

task: total
verdict: crash
"""


def total(x, link):
    if link.rank:
        link.send(0, x * 0)
        return None
    for verb in ("outcome", "finished", "_settle", "__class__", "begin"):
        return x + link._call(verb, 1)
