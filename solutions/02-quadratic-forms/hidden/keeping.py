"""What the descents may do with arrays: overwrite some, keep some, return some."""

import numpy as np
from hidden.answers import CONTRACT, vector

from autograder.student.testing import check


def careless(lesson, name, h, x0, kind):
    """Run a descent whose product, division and watch do not respect their input."""
    import numpy as np

    matrix = np.diag(np.arange(2.0, 2.0 + len(h)))
    own = np.zeros(len(h))

    def returns_it(v):
        return v

    def overwrites(v):
        out = matrix @ v
        v[:] = 99.0
        return out

    def one_buffer(v):
        own[:] = matrix @ v
        return own

    def in_place(v):
        v *= np.diag(matrix)
        return v

    def spoil(x):
        x[:] = -55.0

    def halves(r):
        r *= 0.5
        return r

    their = np.zeros(len(h))

    def one_quotient(r):
        their[:] = r / np.arange(1.0, 1.0 + len(h))
        return their

    product = {f.__name__: f for f in (returns_it, overwrites, one_buffer, in_place)}
    divide = {"in_place": halves, "one_buffer": one_quotient}
    divide = [divide.get(kind, returns_it)]
    rest = divide if name == "preconditioned" else []
    given_h, given_x0 = np.array(h), np.array(x0)
    run = getattr(lesson, name)(
        product[kind], given_h, given_x0, *rest, rtol=1e-10, watch=spoil
    )
    x = np.array(run.x)
    run.x[:] = 7.0
    return run.status, x, given_h, given_x0, len(run.residuals) - 1


def keeper(lesson, name, h, x0):
    """Count the arrays that product, watch and precondition got and that changed."""
    import numpy as np

    matrix = np.diag(np.arange(2.0, 2.0 + len(h)))
    seen = [], [], []

    def keep(k, v):
        seen[k].append((v, np.array(v)))
        return v

    rest = [lambda r: 0.5 * keep(2, r)] if name == "preconditioned" else []
    run = getattr(lesson, name)
    run(lambda v: matrix @ keep(0, v), h, x0, *rest, watch=lambda x: keep(1, x))
    return [sum(not np.array_equal(*pair) for pair in some) for some in seen]


def still(lesson, name, h, x0, rest):
    """Return x0 after the x of a run without steps was overwritten."""
    import numpy as np

    given = np.array(x0)
    extra = [lambda r: r] if rest else []
    run = getattr(lesson, name)(lambda v: v, np.array(h), given, *extra, maxiter=0)
    run.x[:] = 7.0
    return given


def ask_careless(student, name, rng):
    h, x0 = rng.uniform(1, 2, size=4), rng.uniform(3, 4, size=4)
    for kind, story in (
        ("returns_it", "returns the array it is given"),
        ("overwrites", "overwrites the array it is given"),
        ("one_buffer", "returns one buffer each time"),
        ("in_place", "computes in the array it is given"),
    ):
        status, x, after_h, after_x0, steps = student.run(
            careless, name=name, h=h, x0=x0, kind=kind
        )
        where = f"{name}, product {story}, watch overwrites"
        check.equal(status, "converged", where=f"{where}: status", look=CONTRACT)
        want = h if kind == "returns_it" else h / np.arange(2.0, 6.0)
        vector(x, want, 1e-8, f"{where}: x")
        if name != "steepest_descent":
            check.at_most(steps, 5, where=f"{where}: steps", look=CONTRACT)
        check.unchanged(after_h, h, where=f"{where}: h", look=CONTRACT)
        check.unchanged(after_x0, x0, where=f"{where}: x0", look=CONTRACT)
    changed = student.run(keeper, name=name, h=h, x0=x0)
    for who, count in zip(("product", "watch", "precondition"), changed, strict=True):
        where = f"{name}: arrays that {who} got, and kept, that changed later"
        check.equal(count, 0, where=where, look=CONTRACT)
    after = student.run(still, name=name, h=h, x0=x0, rest=name == "preconditioned")
    where = f"{name}, maxiter = 0: is x the array x0"
    check.unchanged(after, x0, where=where, look=CONTRACT)
