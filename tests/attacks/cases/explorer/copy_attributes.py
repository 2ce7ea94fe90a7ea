"""Copy private attributes by update_wrapper, which takes names.

task: Counter
verdict: wrong | crash
"""

import functools
import threading


class Holder:
    pass


class Counter:
    def __init__(self):
        self.total = 0
        lock = threading.Lock()
        names = ("_lab_" + "free", "__glo" + "bals__")
        functools.update_wrapper(lock, Holder(), assigned=names, updated=())
        functools.update_wrapper(self, threading.Lock.acquire, names, ())

    def add(self, n):
        total = self.total
        self.total = total + n
        return self.total
