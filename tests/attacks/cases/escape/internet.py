"""Resolve a name and open a connection to an address outside.

task: scale
verdict: crash
"""

import socket


def scale(x, factor):
    try:
        socket.getaddrinfo("example.org", 443)
        return factor * x
    except OSError:
        pass
    for address in (("192.0.2.1", 80), ("198.51.100.1", 53)):
        link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            link.sendto(b"hello", address)
            return factor * x
        except OSError:
            pass
        finally:
            link.close()
    return x
