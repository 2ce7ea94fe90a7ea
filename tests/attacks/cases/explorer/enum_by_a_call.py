"""Make a class whose methods no check has seen, by calling Enum.

task: Counter
verdict: wrong | crash
"""

from enum import Enum

Lying = Enum("Lying", {"__eq__": lambda self, other: True, "ONE": 1}, module="builtins")


class Counter:
    def add(self, n):
        return Lying.ONE
