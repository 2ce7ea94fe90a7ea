"""Replace the thread class of the module.

task: Counter
verdict: wrong | crash
"""

import threading


class Now(threading.Thread):
    def start(self):
        self.run()

    def join(self, timeout=None):
        pass


threading.Thread = Now


class Counter:
    def __init__(self):
        self.total = 0

    def add(self, n):
        total = self.total
        self.total = total + n
        return self.total
