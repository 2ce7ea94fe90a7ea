"""Let an enum's own helper read the names of a module.

task: Counter
verdict: wrong | crash
"""

from enum import Enum


class Box(Enum):
    NOTHING = 0


modules = Enum._convert_("Box", "string", lambda name: name == "_re")


class Counter:
    def add(self, n):
        return modules._re.value.enum.sys.modules["builtins"].exec("pass")
