"""Send terminal commands to whoever reads the message.

task: scale
verdict: crash
absent: \x1b | \x07 | \r | \x9b
"""


def scale(x, factor):
    raise ValueError("\x1b[2J\x1b]0;owned\x07\r100 of 100 points\x9b31m")
