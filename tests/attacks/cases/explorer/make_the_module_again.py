"""Call the constructor of the module of threads again, with other names.

task: Counter
verdict: wrong | crash
"""

import threading


class Now(threading.Thread):
    def start(self):
        self.run()

    def join(self, timeout=None):
        pass


class Counter:
    def __init__(self):
        self.total = 0
        names = {"Thread": Now, "Lock": threading.Lock}
        type(threading).__init__(threading, "threading", names)
        threading.__init__("threading", names)

    def add(self, n):
        total = self.total
        self.total = total + n
        return self.total
