"""Keep a file open from loading on and write into its bytes.

task: total
verdict: wrong | crash
"""

import os

import numpy as np

FILE = os.open("/tmp/common", os.O_RDWR | os.O_CREAT)
os.write(FILE, bytes(120))


def total(x, link):
    if link.rank:
        os.pwrite(FILE, x.tobytes(), 40 * link.rank)
        link.send(0, np.zeros(5))
        return None
    for source in (1, 2):
        link.recv(source)
    others = np.frombuffer(os.pread(FILE, 80, 40)).reshape(2, 5)
    return x + others.sum(0)
