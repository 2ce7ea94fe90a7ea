"""Reach the explorer through the globals of a lock's method.

task: Counter
verdict: wrong | crash
"""

import threading


class Counter:
    def __init__(self):
        self.total = 0
        space = threading.Lock.acquire.__globals__
        space["Port"].run.fail = print

    def add(self, n):
        total = self.total
        self.total = total + n
        return self.total
