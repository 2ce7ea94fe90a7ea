"""Let a timeout run code in the scheduler.

task: Counter
verdict: wrong | crash
"""

import threading


class Odd(float):
    def __radd__(self, other):
        return self

    __add__ = __radd__

    def __le__(self, other):
        threading.Lock().acquire()
        raise SystemExit(0)

    __lt__ = __gt__ = __ge__ = __le__


class Counter:
    def __init__(self):
        self.total = 0
        threading.Event().wait(Odd(1.0))

    def add(self, n):
        total = self.total
        self.total = total + n
        return self.total
