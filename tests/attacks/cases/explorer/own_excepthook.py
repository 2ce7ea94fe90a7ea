"""Let a hook swallow what is raised in threads.

task: Counter
verdict: wrong | crash
"""

import threading

threading.excepthook = lambda args: None


class Counter:
    def __init__(self):
        threading.excepthook = lambda args: None

    def add(self, n):
        if n < 4:
            raise ValueError
        return 7
