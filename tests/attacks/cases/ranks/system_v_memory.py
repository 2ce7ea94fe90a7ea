"""Share a segment of System V, for which no file is opened.

task: total
verdict: wrong | crash
"""

import ctypes

import numpy as np

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.shmat.restype = ctypes.c_void_p


def common():
    number = LIBC.shmget(4711, 4096, 0o1666)
    if number < 0:
        return np.zeros(15)
    address = LIBC.shmat(number, None, 0)
    return np.frombuffer((ctypes.c_double * 15).from_address(address))


def total(x, link):
    shared = common()
    if link.rank:
        shared[5 * link.rank : 5 * link.rank + 5] = x
        link.send(0, np.zeros(5))
        return None
    for source in (1, 2):
        link.recv(source)
    return x + shared[5:].reshape(2, 5).sum(0)
