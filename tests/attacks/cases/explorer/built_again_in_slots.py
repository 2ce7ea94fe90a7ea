"""Hide a race in the constructor of an object with slots, whose accesses are no steps.

task: Counter
verdict: wrong | crash
"""


class Counter:
    __slots__ = ("total",)

    def __init__(self, n=0, first=True):
        if first:
            self.total = 0
        total = self.total
        self.total = total + n

    def add(self, n):
        self.__init__(n, first=False)
        return self.total
