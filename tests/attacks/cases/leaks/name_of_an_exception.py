"""Spell the hidden input in the name of an exception.

task: scale
verdict: crash
"""


def letters(x):
    """Spell what was given, so that no digit tells."""
    spelt = "".join(chr(97 + int(d)) for v in x for d in f"{v:.6f}" if d.isdigit())
    return "Xy" + "zzy" + spelt


def scale(x, factor):
    raise type(letters(x), (ArithmeticError,), {})("no")
