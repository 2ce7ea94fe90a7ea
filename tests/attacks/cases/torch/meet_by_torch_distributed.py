"""Reach a server of the machine by torch's own sockets.

task: weigh
verdict: crash
"""


def weigh(x):
    import datetime

    from torch.distributed import TCPStore

    TCPStore("127.0.0.1", PORT, 2, False, datetime.timedelta(seconds=1))
    return x.softmax(-1)
