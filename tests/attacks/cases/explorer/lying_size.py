"""Let a queue's size run code in the scheduler.

task: Counter
verdict: wrong | crash
"""

import queue
import threading


class Odd(queue.Queue):
    def _qsize(self):
        threading.Lock().acquire()
        for thread in threading.enumerate():
            thread.join(0)
        return 1


class Counter:
    def __init__(self):
        self.total = 0
        Odd().put(1)

    def add(self, n):
        total = self.total
        self.total = total + n
        return self.total
