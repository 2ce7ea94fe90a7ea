"""Make every lock, the judge's too, do nothing.

task: Counter
verdict: wrong | crash
"""

import threading

try:
    threading.Lock.acquire = lambda self, *args: True
    threading.Thread.start = lambda self: self.run()
    threading.Thread.join = lambda self, timeout=None: None
except TypeError:
    pass


class Counter:
    def __init__(self):
        self.total = 0

    def add(self, n):
        total = self.total
        self.total = total + n
        return self.total
