"""Take sys from the modules that import it.

task: Counter
verdict: wrong | crash
"""

import collections
import enum
import functools


class Counter:
    def __init__(self):
        self.total = 0
        for module in (collections, enum, functools):
            sys = module._sys if module is collections else module.sys
            sys.modules.clear()

    def add(self, n):
        total = self.total
        self.total = total + n
        return self.total
