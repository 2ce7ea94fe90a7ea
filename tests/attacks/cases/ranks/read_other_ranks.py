"""Read the other processes' memory, by file and by system call.

task: total
verdict: wrong | crash
"""

import ctypes
import os

import numpy as np

MARK = np.arange(7.0, 12.0)
LIBC = ctypes.CDLL(None, use_errno=True)
HOME = np.zeros(5)  # the same address in every rank


class Span(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]


def peek(pid):
    out = np.zeros(5)
    try:
        with open(f"/proc/{pid}/mem", "rb", 0) as memory:
            memory.seek(HOME.ctypes.data)
            return np.frombuffer(memory.read(40))
    except OSError:
        pass
    here, there = Span(out.ctypes.data, 40), Span(HOME.ctypes.data, 40)
    LIBC.process_vm_readv(pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0)
    return out


def total(x, link):
    HOME[:] = x
    if link.rank:
        link.send(0, np.zeros(5))
        return None
    for source in (1, 2):
        link.recv(source)
    me = os.getpid()
    return x + sum(peek(pid) for pid in range(me - 3, me + 4) if pid != me)
