"""Make a class by the call of a class, written as a method.

task: Counter
verdict: wrong | crash
"""

from enum import Enum

Lying = Enum.__call__("Lying", {"__hash__": lambda self: 7, "ONE": 1})


class Counter:
    def add(self, n):
        return Lying.ONE
