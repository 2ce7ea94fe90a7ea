"""Let a method return a handle whose comparisons all answer yes.

task: Tally
verdict: wrong | crash
"""


class Yes:
    def __eq__(self, other):
        return True

    def __float__(self):
        return 7.0

    def __bool__(self):
        return True

    def __sub__(self, other):
        return 0

    __hash__ = None
    __rsub__ = __sub__
    __index__ = lambda self: 7  # noqa: E731
    __le__ = __ge__ = __eq__


class Tally:
    def __init__(self, start=0.0):
        pass

    def add(self, value):
        pass

    def total(self):
        return Yes()
