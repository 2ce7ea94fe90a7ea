"""Leave a thread that catches its own end and goes on.

task: Counter
verdict: wrong | crash
"""

import threading


class Stays(threading.Thread):
    def __init__(self, counter):
        super().__init__(daemon=True)
        self.counter = counter

    def run(self):
        while True:
            try:
                threading.Event().wait()
            except BaseException:
                self.counter.total = 7


class Counter:
    def __init__(self):
        self.total = 0
        Stays(self).start()

    def add(self, n):
        total = self.total
        self.total = total + n
        return self.total
