"""Run code between two runs, in an object's farewell.

task: Counter
verdict: wrong | crash
"""

import threading


class Late:
    def __del__(self):
        threading.Thread.start = lambda self: self.run()


class Counter:
    def __init__(self):
        self.total = 0
        Late()

    def add(self, n):
        total = self.total
        self.total = total + n
        return self.total
