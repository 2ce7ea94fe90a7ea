"""Name a tuple's fields with text that changes its mind.

task: Counter
verdict: wrong | crash
"""

from collections import namedtuple


class Name(str):
    def __str__(self):
        return "x=__import__('sys')"


Row = namedtuple("Row", [Name("x")])


class Counter:
    def add(self, n):
        return Row(7).x
