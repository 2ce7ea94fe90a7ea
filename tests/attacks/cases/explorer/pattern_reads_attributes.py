"""Read forbidden attributes by class patterns.

task: Counter
verdict: wrong | crash
"""

import threading


class Counter:
    def __init__(self):
        self.total = 0
        match threading.Lock.acquire:
            case object(__globals__=space):
                space["Port"].run.fail = print

    def add(self, n):
        total = self.total
        self.total = total + n
        return self.total
