"""Set attributes of the lock class through a metaclass.

task: Counter
verdict: wrong | crash
"""

import threading


class Meta(type(threading.Lock)):
    def __setattr__(cls, name, value):
        super().__setattr__(name, value)


class Counter:
    def __init__(self):
        self.total = 0
        Meta("Mine", (threading.Lock,), {}).acquire = print

    def add(self, n):
        total = self.total
        self.total = total + n
        return self.total
