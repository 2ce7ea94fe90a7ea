"""Meet at a socket that has no place in the file system.

task: total
verdict: wrong | crash
"""

import socket

import numpy as np


def meet():
    try:
        return socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    except OSError:
        return None


DOOR = meet()


def total(x, link):
    if link.rank:
        box = DOOR or meet()
        if box is not None:
            box.sendto(x.tobytes(), "\0ranks")
        link.send(0, np.zeros(5))
        return None
    box = DOOR or meet()
    if box is not None:
        box.bind("\0ranks")
    for source in (1, 2):
        link.recv(source)
    if box is None:
        return x
    return x + sum(np.frombuffer(box.recv(40)) for _ in (1, 2))
