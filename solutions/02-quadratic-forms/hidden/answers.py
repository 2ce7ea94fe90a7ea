"""How the hidden tests of lesson 02 judge numbers, vectors and refusals."""

import numpy as np

from autograder.student.testing import check

CONTRACT = "The contract in the docstring."
STEP_1, STEP_2, STEP_3 = "Chapter, step 1.", "Chapter, step 2.", "Chapter, step 3."
STEP_4, STEP_5, STEP_6 = "Chapter, step 4.", "Chapter, step 5.", "Chapter, step 6."
STEP_7, STEP_8 = "Chapter, step 7.", "Chapter, step 8."


def number(got, want, rtol, where, look=CONTRACT):
    """Check one number, and that it is no array."""
    check.plain(got, where, look)
    good = isinstance(got, (int, float, np.floating)) and not isinstance(got, bool)
    evidence = f"got {check.show(got)}, expected a number"
    check.true(good, where=where, evidence=evidence, look=look)
    check.close(float(got), want, rtol=rtol, where=where, look=look)


def vector(got, want, tol, where, look=CONTRACT):
    """Check a float64 array, to `tol` of its largest entry."""
    want = np.asarray(want, dtype=np.float64)
    check.shape(got, want.shape, where=where, look=look)
    atol = tol * float(np.max(np.abs(want), initial=0.0))
    check.close(got, want, atol=atol, where=where, look=look, dtype=np.float64)


def refuses(call, cases, name):
    """Check that each of some calls raises ValueError."""
    for kind, args in cases:
        where = f"{name} with {kind}"
        check.raises(ValueError, call, *args, where=where, look=CONTRACT)


def keeps_its_arguments(student, name, args, parts):
    """Check that a call changes no array, and hands none of them back.

    Args:
        student: the submission.
        name: the function.
        args: arrays and numbers.
        parts: where arrays stand in its answer, as keys of items and attributes.
    """
    given = [student.keep(a) if isinstance(a, np.ndarray) else a for a in args]
    got = student.held(name, *given)
    pieces = [student.part(got, *keys) for keys in parts]
    before = [np.array(student.fetch(piece)) for piece in pieces]
    for k, piece in enumerate(pieces):
        piece[:] = 77.0 + k
        for other, old in zip(pieces[k + 1 :], before[k + 1 :], strict=True):
            where = f"{name}: are two arrays of the answer one"
            check.unchanged(student.fetch(other), old, where=where, look=CONTRACT)
    for handle, old in zip(given, args, strict=True):
        if isinstance(old, np.ndarray):
            where = f"{name}: is an argument changed, or handed back"
            check.unchanged(student.fetch(handle), old, where=where, look=CONTRACT)


def turned(values, rng):
    """Return an exactly symmetric matrix with these eigenvalues, and its axes."""
    axes, _ = np.linalg.qr(rng.normal(size=(len(values), len(values))))
    H = (axes * np.asarray(values, dtype=np.float64)) @ axes.T
    return (H + H.T) / 2, axes
