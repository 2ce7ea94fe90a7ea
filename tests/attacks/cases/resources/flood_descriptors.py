"""Write without end below Python, to standard output and error.

task: scale
verdict: timeout
"""

import os


def scale(x, factor):
    while True:
        os.write(1, b"x" * 65536)
        os.write(2, b"x" * 65536)
