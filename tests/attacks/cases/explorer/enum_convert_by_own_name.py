"""Define a name of the enum's helpers, so that it counts as one's own.

task: Counter
verdict: wrong | crash
"""

from enum import Enum


class Mine:
    def _convert_(self, *args):
        self._convert_ = args


class Counter:
    def add(self, n):
        return Enum._convert_("Box", "string", lambda name: name == "_re")
