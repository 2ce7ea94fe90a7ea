"""Derive a class from a value, whose type then makes what it likes.

task: Counter
verdict: wrong | crash
"""


class Maker:
    def __init__(self, *parts):
        self.parts = parts


class Counter(Maker()):
    def add(self, n):
        return 7
