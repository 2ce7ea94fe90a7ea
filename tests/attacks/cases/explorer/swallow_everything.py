"""Catch whatever the explorer raises.

task: Counter
verdict: wrong | crash
"""


class Counter:
    def __init__(self):
        self.total = 0

    def add(self, n):
        while True:
            try:
                total = self.total
                self.total = total + n
                return self.total
            except BaseException:
                continue
