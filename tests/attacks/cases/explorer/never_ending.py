"""Spin without a single operation on a lock.

task: Counter
verdict: timeout
"""


class Counter:
    def __init__(self):
        self.total = 0

    def add(self, n):
        while True:
            n += 1
