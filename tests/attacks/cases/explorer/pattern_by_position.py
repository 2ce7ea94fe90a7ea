"""Let a pattern's positions name what may not be named.

task: Counter
verdict: wrong | crash
"""

import threading


class Look(threading.Lock):
    __match_args__ = ("_lab_" + "owner",)


class Counter:
    def __init__(self):
        self.total = 0
        match Look():
            case Look(owner):
                self.owner = owner

    def add(self, n):
        total = self.total
        self.total = total + n
        return self.total
