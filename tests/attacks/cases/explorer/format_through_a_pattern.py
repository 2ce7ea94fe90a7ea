"""Get hold of str.format by a pattern.

task: Counter
verdict: wrong | crash
"""

import threading

FIELD = "{0.__globals__}"


class Counter:
    def __init__(self):
        self.total = 0
        match FIELD:
            case object(format=show):
                raise ValueError(show(threading.Lock.acquire))

    def add(self, n):
        total = self.total
        self.total = total + n
        return self.total
