"""Read the globals of a lock's method under a name put together.

task: Counter
verdict: wrong | crash
"""

import threading


class Counter:
    def __init__(self):
        self.total = 0
        space = getattr(threading.Lock.acquire, "__glo" + "bals__")
        space["Port"].run.fail = print

    def add(self, n):
        total = self.total
        self.total = total + n
        return self.total
