"""Keep everything that any run makes.

task: Counter
verdict: memory | crash
"""


class Counter:
    def __init__(self):
        self.total = 0

    def add(self, n):
        heap = [0]
        while True:
            heap += heap
