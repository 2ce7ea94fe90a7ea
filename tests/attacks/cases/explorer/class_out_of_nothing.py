"""Make a class with forbidden names by calling type.

task: Counter
verdict: wrong | crash
"""

import threading


class Counter:
    def __init__(self):
        self.total = 0
        meta = type(type(self))
        kind = meta("Lock", (threading.Lock,), {"_lab_" + "owner": None})
        self.lock = kind()

    def add(self, n):
        total = self.total
        self.total = total + n
        return self.total
