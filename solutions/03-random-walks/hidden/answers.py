"""How the hidden tests of this lesson ask, and judge exact numbers and floats."""

import builtins
import math
from fractions import Fraction

import numpy as np

from autograder.student.testing import check

CONTRACT = "The contract in the docstring."


def step(number):
    return f"Chapter, step {number}."


def ask_all(student, name, cases):
    """Call a function with many arguments in one message; return the answers in order.

    What it raises is raised here.
    """
    with student.together() as batch:
        answers = [getattr(batch, name)(*args) for args in cases]
    return [batch.result(answer) for answer in answers]


def fractions(got, want, where, look):
    """Check a list of Fractions: container, length, types, values."""
    check.plain(got, where, look)
    evidence = f"got {check.show(got)}, expected a list of Fractions"
    good = type(got) is list and all(type(t) is Fraction for t in got)
    check.true(good, where=where, evidence=evidence, look=CONTRACT)
    evidence = f"it has {len(got)} entries, expected {len(want)}"
    check.true(len(got) == len(want), where=where, evidence=evidence, look=CONTRACT)
    for k, (one, expected) in enumerate(zip(got, want, strict=True)):
        check.equal(one, Fraction(expected), where=f"{where}: entry {k}", look=look)


def floats(got, count, where, look):
    """Check that an answer is a tuple of Python floats; return it."""
    check.plain(got, where, look)
    good = isinstance(got, tuple) and len(got) == count
    good = good and all(isinstance(t, float) for t in got)
    evidence = f"got {check.show(got)}, expected a tuple of {count} floats"
    check.true(good, where=where, evidence=evidence, look=look)
    return got


def told(answer):
    """Show an answer, or the words for what was raised instead."""
    is_raised = isinstance(answer, str) and answer[7:] in vars(builtins)
    return f"raised {answer[7:]}" if is_raised else check.show(answer)


def refused(student, name, kind, cases):
    """Check that each call raises that exception."""
    for what, args in cases:
        check.raises(
            kind, getattr(student, name), *args, where=f"{name} {what}", look=CONTRACT
        )


def generator(lesson, seed):
    """Make a generator beside the submission."""
    import numpy as np

    return np.random.default_rng(seed)


def rewound(lesson, name, args, seed):
    """Return two answers that meet the same state of one generator."""
    import numpy as np

    rng = np.random.default_rng(seed)
    state = rng.bit_generator.state
    one = getattr(lesson, name)(*args, rng)
    rng.bit_generator.state = state
    return one, getattr(lesson, name)(*args, rng)


def make_rng(student, seed):
    """Return a handle to a generator that lives in the submission's process."""
    return student.run(generator, seed=seed)


def no_probabilities():
    """Return what is no probability, each with words for it."""
    return [
        ("with p = -0.1", -0.1),
        ("with p = 1.1", 1.1),
        ("with p = NaN", math.nan),
        ("with p = -1/9", Fraction(-1, 9)),
        ("with p = 10/9", Fraction(10, 9)),
        ("with p = 2", 2),
    ]


def is_array(got, shape, dtype, where):
    """Check that an answer is an array of that shape and dtype."""
    check.plain(got, where, CONTRACT)
    evidence = f"got {check.show(got)}, expected an array"
    good = isinstance(got, np.ndarray)
    check.true(good, where=where, evidence=evidence, look=CONTRACT)
    check.shape(got, shape, where=where, look=CONTRACT)
    check.dtype(got, dtype, where=where, look=CONTRACT)
