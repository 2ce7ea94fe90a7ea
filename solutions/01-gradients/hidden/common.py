"""What the hidden tests of lesson 01 share."""

import numpy as np

from autograder.student.testing import check

CBRT = float(np.finfo(np.float64).eps) ** (1 / 3)


STEP_2 = "Chapter, step 2."


STEP_5 = "Chapter, step 5."


CONTRACT = "The contract in the docstring."


def number(got, where, look=CONTRACT):
    """Check that an answer is one number and no array; return it as a float."""
    check.plain(got, where, look)
    good = isinstance(got, (int, float, np.floating)) and not isinstance(got, bool)
    evidence = f"got {check.show(got)}, expected a float"
    check.true(good, where=where, evidence=evidence, look=look)
    return float(got)


def near(got, want, rtol, where, look, atol=0.0):
    """Check one number."""
    number(got, where, look)
    check.close(float(got), want, rtol=rtol, atol=atol, where=where, look=look)


def careless(lesson, name, x, **options):
    """Call a function of the lesson with functions that do not respect their input."""
    import numpy as np

    call, kept, evidence = getattr(lesson, name), [], {}

    def value(p):
        return float(p[0]) ** 2 * float(p[1])

    def keep(p):
        kept.append(p)
        return value(p)

    def overwrite(p):
        y = value(p)
        p[:] = 99.0
        return y

    def angry(p):
        raise KeyError("no value here")

    def answer(f, mine):
        try:
            return np.array(call(f, mine, **options))
        except NotImplementedError:
            raise
        except Exception as error:
            return f"raised {type(error).__name__}"

    for f in (keep, overwrite, angry):
        mine = np.array(x)
        evidence[f.__name__] = answer(f, mine), mine.copy()
    evidence["points"] = [np.array(p) for p in kept]
    mine = np.array(x)
    mine.flags.writeable = False
    evidence["frozen"] = answer(value, mine), mine
    return evidence


def judge_careless(got, x, want, name, points):
    """Judge what `careless` saw; f was to be asked at so many distinct points."""
    distinct = {tuple(np.asarray(p).ravel()) for p in got["points"]}
    where = f"{name}, f keeps the arrays it is given"
    evidence = (
        f"of {len(got['points'])} arrays {len(distinct)} hold different points, where"
        f" {points} were due: is one array handed out again and again?"
    )
    check.true(len(distinct) == points, where=where, evidence=evidence, look=CONTRACT)
    for what, story in (
        ("keep", "f keeps the arrays it is given"),
        ("overwrite", "f overwrites the array it is given"),
        ("angry", "f raises an exception"),
        ("frozen", "x is read-only"),
    ):
        where = f"{name}, {story}"
        answer, after = got[what]
        check.unchanged(after, x, where=f"{where}: x", look=CONTRACT)
        if what == "angry":
            evidence = f"got {check.show(answer)}, expected f's own exception"
            good = isinstance(answer, str) and answer == "raised KeyError"
            check.true(good, where=where, evidence=evidence, look=CONTRACT)
        else:
            check.close(answer, want, rtol=1e-6, where=where, look=CONTRACT)


def squares(x):
    return float(np.sum(np.asarray(x, dtype=np.float64) ** 2))
