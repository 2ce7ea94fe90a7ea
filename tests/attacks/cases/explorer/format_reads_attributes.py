"""Print the explorer's globals, found by a format string.

task: Counter
verdict: wrong | crash
"""

import threading

FIELD = "{0.__globals__}"


class Counter:
    def __init__(self):
        self.total = 0
        raise ValueError(FIELD.format(threading.Lock.acquire))

    def add(self, n):
        total = self.total
        self.total = total + n
        return self.total
