"""Let the standard library evaluate a forbidden expression.

task: Counter
verdict: wrong | crash
"""

import typing


def bait(x: "().__class__.__base__.__subclasses__().clear()"):
    pass


class Counter:
    def __init__(self):
        self.total = 0
        typing.get_type_hints(bait)

    def add(self, n):
        total = self.total
        self.total = total + n
        return self.total
