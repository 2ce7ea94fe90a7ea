"""Reorder the message with bidirectional and invisible characters.

task: scale
verdict: crash
absent: \u202e | \u2066 | \u200b | \u2028
"""


def scale(x, factor):
    raise ValueError("\u202e01 fo 01\u2066\u200b\u2028passed")
