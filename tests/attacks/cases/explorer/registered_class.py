"""Register a class as another, for all that are explored later.

task: Counter
verdict: wrong | crash
"""

from contextlib import ExitStack


class Counter:
    def add(self, n):
        ExitStack.register(int)
        return 7

    def register(self, kind):
        return kind
