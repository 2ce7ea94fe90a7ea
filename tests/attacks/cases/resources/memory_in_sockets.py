"""Keep as many bytes in sockets as the kernel holds for it.

task: scale
verdict: wrong | crash
"""

import socket


def scale(x, factor):
    pairs = []
    try:
        while True:
            pairs.append(socket.socketpair())
            pairs[-1][0].setblocking(False)
            try:
                while pairs[-1][0].send(bytes(2**16)):
                    pass
            except BlockingIOError:
                pass
    except OSError:
        return x
