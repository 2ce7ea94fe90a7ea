"""Raise an exception whose text never ends being computed.

task: scale
verdict: timeout
"""


class Slow(Exception):
    def __str__(self):
        while True:
            pass


def scale(x, factor):
    raise Slow
