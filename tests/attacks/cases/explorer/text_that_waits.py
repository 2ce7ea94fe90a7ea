"""Let the text of an exception wait for ever before it is reported.

task: Counter
verdict: wrong | crash
"""

import threading


class Quiet(Exception):
    def __str__(self):
        lock = threading.Lock()
        lock.acquire()
        lock.acquire()
        return ""


class Counter:
    def __init__(self):
        self.total = 0

    def add(self, n):
        if n < 4:
            raise Quiet
        return 7
