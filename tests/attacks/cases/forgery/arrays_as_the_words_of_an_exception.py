"""Describe an exception by numbers where its name and its places belong.

task: scale
verdict: crash | security | output
"""

import sys

import numpy as np


def described(error):
    many = [np.zeros(999)] * 300
    return ["raised", many, ["ValueError"], many, [["attack", 10**400, many]]]


sys.modules["autograder.student.interpreter"].describe = described


def scale(x, factor):
    raise ValueError
