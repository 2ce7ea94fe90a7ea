"""Take os.path, and with it os, from a module with few names.

task: Counter
verdict: wrong | crash
"""

from os import path


class Counter:
    def __init__(self):
        self.total = 0
        path.os._exit(0)

    def add(self, n):
        total = self.total
        self.total = total + n
        return self.total
