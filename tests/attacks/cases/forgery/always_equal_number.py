"""Let a method return a number that claims to equal every number.

task: Tally
verdict: wrong | crash
"""


class AlwaysEqual(float):
    def __eq__(self, other):
        return True

    def __sub__(self, other):
        return 0.0

    __rsub__ = __sub__
    __hash__ = float.__hash__
    __ne__ = __lt__ = __gt__ = lambda self, other: False
    __le__ = __ge__ = __eq__


class Tally:
    def __init__(self, start=0.0):
        pass

    def add(self, value):
        pass

    def total(self):
        return AlwaysEqual(0.0)
