"""Send packets of its own making.

task: scale
verdict: crash
"""

import socket


def scale(x, factor):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as link:
        link.bind(("lo", 0))
    return factor * x
