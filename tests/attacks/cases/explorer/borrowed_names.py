"""Take the explorer's callbacks from the module of threads.

task: Counter
verdict: wrong | crash
"""

import threading


class Counter:
    def __init__(self):
        self.total = 0

    def add(self, n):
        threading._register_atexit(print)
        return 7
