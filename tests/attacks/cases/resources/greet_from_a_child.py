"""Let a sleeping child greet the host in its place, then compute for ever.

task: scale
verdict: timeout
"""

import os
import sys

GUEST = sys.modules["__main__"]
SEND = GUEST.send


def send(channel, tag, data):
    if tag == b"H" and os.fork() == 0:
        SEND(channel, tag, data)
        while True:
            os.read(channel.fileno(), 0)
            os.sched_yield()
    if tag != b"H":
        SEND(channel, tag, data)


def scale(x, factor):
    GUEST.send = send
    while True:
        pass
