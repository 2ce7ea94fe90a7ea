"""Let decorators of the standard library patch the lock class.

task: Counter
verdict: wrong | crash
"""

import dataclasses
import functools
import threading


def patch():
    dataclasses.dataclass(threading.Lock)
    functools.total_ordering(threading.Thread)


class Counter:
    def __init__(self):
        self.total = 0
        patch()

    def add(self, n):
        total = self.total
        self.total = total + n
        return self.total
