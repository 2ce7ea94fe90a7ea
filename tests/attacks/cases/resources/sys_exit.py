"""Raise SystemExit with success.

task: scale
verdict: crash
"""

import sys


def scale(x, factor):
    sys.exit(0)
