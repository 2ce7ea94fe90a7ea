"""Hide a metaclass among keywords that are not written out.

task: Counter
verdict: wrong | crash
"""


def meta(name, bases, space):
    return 7


class Counter(**{"metaclass": meta}):
    def add(self, n):
        return 7
