"""Let the compiler put the explorer's private names together.

task: Counter
verdict: wrong | crash
"""

import threading


class lab(threading.Lock):
    def unlock(self):
        self.__owner = None
        self._lab_owner = None


class Counter:
    def __init__(self):
        self.total = 0
        self.lock = lab()
        self.lock.unlock()

    def add(self, n):
        total = self.total
        self.total = total + n
        return self.total
