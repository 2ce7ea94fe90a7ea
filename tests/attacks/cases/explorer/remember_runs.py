"""Race in all runs but the first, which it counts.

task: Counter
verdict: wrong | crash
"""

import threading

RUNS = []


class Counter:
    runs = 0

    def __init__(self, memo=[]):  # noqa: B006
        RUNS.append(1)
        memo.append(1)
        Counter.runs += 1
        self.first = max(len(RUNS), len(memo), Counter.runs) == 1
        self.total = 0
        self.lock = threading.Lock()

    def add(self, n):
        total = self.total
        if self.first:
            with self.lock:
                self.total = total + n
        else:
            self.total += n
        return self.total
