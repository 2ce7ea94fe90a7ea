"""Let a thread be no daemon when it starts and one when it ends.

task: Counter
verdict: wrong | crash
"""

import threading


class Changing(int):
    asked = 0

    def __bool__(self):
        Changing.asked += 1
        return Changing.asked % 2 == 1


class Short(threading.Thread):
    daemon = Changing(1)

    def run(self):
        pass


class Counter:
    def __init__(self):
        self.total = 0
        for _ in range(4):
            Short().start()

    def add(self, n):
        total = self.total
        self.total = total + n
        return self.total
