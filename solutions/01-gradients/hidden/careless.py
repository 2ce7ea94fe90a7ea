"""Functions f that do not respect their input, and what they find about the caller.

They keep the array that they are given, overwrite it or raise; or x is read-only. The
caller's x must survive all of it, and the slope must be right.
"""

import numpy as np
from hidden.answers import CONTRACT, told

from autograder.student.proxy import ByHandle, StudentRaised
from autograder.student.testing import check


def careless(student, name, x, **options):
    """Call a function of the lesson with functions that do not respect their input.

    The arrays stay in the submission's process, so that what is done to one shows.
    """
    kept, held = [], []

    def value(p):
        return float(p[0]) ** 2 * float(p[1])

    def keep(p):
        kept.append(p)
        return value(student.fetch(p))

    def overwrite(p):
        y = value(student.fetch(p))
        p[:] = 99.0
        return y

    def angry(p):
        raise TypeError("no value here")

    functions = {f.__name__: ByHandle(f) for f in (keep, overwrite, angry)}
    others = {k: o for k, o in options.items() if isinstance(o, np.ndarray)}
    with student.together() as batch:
        given = {k: batch.keep(o) for k, o in others.items()}
        for kind, f in (functions | {"frozen": value}).items():
            mine = batch.keep(x)
            if kind == "frozen":
                mine.setflags(write=False)
            got = getattr(batch, name)(f, mine, **{**options, **given})
            held.append((kind, got, batch.fetch(mine)))
        after = {k: batch.fetch(handle) for k, handle in given.items()}
    with student.together() as points:
        found = [points.fetch(p) for p in kept]

    def answer(handle):
        try:
            return batch.result(handle)
        except StudentRaised as error:
            return f"raised {error.type_name}"

    evidence = {kind: (answer(got), batch.result(x)) for kind, got, x in held}
    evidence["points"] = [points.result(p) for p in found]
    evidence["others"] = all(
        np.array_equal(batch.result(after[k]), o) for k, o in others.items()
    )
    return evidence


def judge_careless(got, x, want, name, points):
    """Judge what `careless` saw; f was to be asked at so many distinct points."""
    distinct = {tuple(np.asarray(p).ravel()) for p in got["points"]}
    where = f"{name}, f keeps the arrays it is given"
    evidence = (
        f"of {len(got['points'])} arrays {len(distinct)} hold different points, where"
        f" {points} were due: is one array handed out again and again?"
    )
    check.true(len(distinct) >= points, where=where, evidence=evidence, look=CONTRACT)
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
            evidence = f"got {told(answer)}, expected f's own exception"
            good = isinstance(answer, str) and answer == "raised TypeError"
            check.true(good, where=where, evidence=evidence, look=CONTRACT)
        else:
            check.close(answer, want, rtol=1e-6, where=where, look=CONTRACT)
    where = f"{name}: v keeps its values"
    check.equal(got["others"], True, where=where, look=CONTRACT)
