"""Answer what the explorer asks of a thread.

task: Counter
verdict: wrong | crash
"""

import threading


class Done(threading.Thread):
    def __getattribute__(self, name):
        if "done" in name or "task" in name:
            return None
        return super().__getattribute__(name)


class Counter:
    def __init__(self):
        self.total = 0
        Done(target=print).start()

    def add(self, n):
        total = self.total
        self.total = total + n
        return self.total
