"""Ask the kernel for its networks.

task: scale
verdict: crash
"""

import socket


def scale(x, factor):
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as link:
        link.bind((0, 0))
    return factor * x
