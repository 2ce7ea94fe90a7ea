"""Return a million strings of one letter.

task: scale
verdict: output | wrong | timeout | memory
"""


def scale(x, factor):
    return [chr(97 + n % 26) for n in range(3_000_000)]
