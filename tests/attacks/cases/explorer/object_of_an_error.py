"""Reach what an error was raised on.

task: Counter
verdict: wrong | crash
"""

import threading


class Counter:
    def __init__(self):
        self.total = 0

    def add(self, n):
        self.obj = None
        try:
            threading.Lock().acquire(7, 7, 7)
        except TypeError as error:
            error.obj._lab_owner = None
        total = self.total
        self.total = total + n
        return self.total
