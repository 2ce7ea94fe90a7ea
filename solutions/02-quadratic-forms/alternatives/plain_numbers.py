# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% [markdown]
# Right by another road: lists of Python floats and loops; NumPy only for eigenvalues,
# which come from a rotation of Jacobi's, and at the edges.

# %% tags=["setup"]
import math
from types import SimpleNamespace

import numpy as np


# %%
def row(v, n=None):
    v = np.asarray(v)
    if v.ndim != 1 or (n is not None and len(v) != n):
        raise ValueError("a vector of another size")
    return [float(t) for t in v]


def rows(a):
    a = np.asarray(a)
    if a.ndim != 2 or len({*a.shape}) > 1:
        raise ValueError("not square")
    return [[float(t) for t in line] for line in a]


def dot(u, v):
    return math.fsum(s * t for s, t in zip(u, v, strict=True))


def size(v):
    return math.hypot(*v)


def plus(u, t, v):
    return [a + t * b for a, b in zip(u, v, strict=True)]


# %% tags=["task"] task="evaluate"
def evaluate(a, b, c, x):
    a = rows(a)
    b, x = row(b, len(a)), row(x, len(a))
    n = range(len(x))
    slopes = [b[k] + sum(a[k][j] * x[j] + a[j][k] * x[j] for j in n) for k in n]
    value = (
        math.fsum([a[i][j] * x[i] * x[j] for i in n for j in n]) + dot(b, x) + float(c)
    )
    return value, np.array(slopes, dtype=float)


# %% tags=["task"] task="both_forms"
def both_forms(a, b, c):
    a = rows(a)
    b = row(b, len(a))
    for number in (*(t for line in a for t in line), *b, c):
        if math.isnan(number) or math.isinf(number):
            raise ValueError("not finite")
    H = np.array([[s + t for s, t in zip(*pair, strict=True)] for pair in pairs(a)])
    if not H.any():
        raise ValueError("not quadratic")
    first = SimpleNamespace(matrix=H / 2, vector=np.array(b), constant=float(c))
    second = SimpleNamespace(matrix=H, vector=-np.array(b), constant=float(c))
    return first, second


def pairs(a):
    return zip(a, zip(*a, strict=True), strict=True)


# %%
def jacobi(H):
    """Rotate a symmetric matrix until it is diagonal; return that and the axes."""
    n = len(H)
    V = np.eye(n)
    for _ in range(60):
        far = np.abs(H - np.diag(np.diag(H)))
        if far.max(initial=0.0) <= 1e-17 * np.abs(H).max(initial=0.0):
            break
        for i in range(n):
            for j in range(i + 1, n):
                if H[i, j] == 0:
                    continue
                t = 0.5 * math.atan2(2 * H[i, j], H[j, j] - H[i, i])
                turn = np.array(
                    [[math.cos(t), math.sin(t)], [-math.sin(t), math.cos(t)]]
                )
                H[:, [i, j]] = H[:, [i, j]] @ turn
                H[[i, j], :] = turn.T @ H[[i, j], :]
                V[:, [i, j]] = V[:, [i, j]] @ turn
    return np.diag(H).tolist(), V.T


def picture(H, h, rtol):
    """Return (eigenvalue, unit vector, part of h, is it zero) for each axis."""
    H = rows(H)
    h = row(h, len(H))
    flat = [t for line in H for t in line] + h
    if not all(map(math.isfinite, flat)):
        raise ValueError("not finite")
    if any(list(column) != line for line, column in pairs(H)):
        raise ValueError("not symmetric")
    scale = max(map(abs, flat[: len(h) ** 2]), default=0.0) or 1.0
    values, axes = jacobi(np.array(H).reshape(len(h), len(h)) / scale)
    top = max(map(abs, values), default=0.0)
    return h, [
        (s * scale, v, dot(v, h), abs(s) <= float(rtol) * top)
        for s, v in zip(values, axes, strict=True)
    ]


# %% tags=["task"] task="classify"
def classify(H, h, rtol=1e-10):
    h, axes = picture(H, h, rtol)
    if any(s < 0 and not zero for s, _, _, zero in axes):
        return "saddle"
    slopes = [g for _, _, g, zero in axes if zero]
    if not slopes:
        return "bowl"
    return "trough" if size(slopes) <= float(rtol) * size(h) else "ramp"


def column(vectors, n):
    return np.array(vectors, dtype=float).reshape(len(vectors), n).T.copy()


# %% tags=["task"] task="minimise"
def minimise(H, h, c, rtol=1e-10):
    kind = classify(H, h, rtol)
    h, axes = picture(H, h, rtol)
    n = len(h)
    if kind in ("saddle", "ramp"):
        down = min(axes, key=lambda axis: axis[0])[1]
        if kind == "ramp":
            down = [0.0] * n
            for _, v, g, zero in axes:
                down = plus(down, g * zero, v)
            down = [t / max(map(abs, down)) for t in down]
            down = [t / size(down) for t in down]
        down = column([down], n)
        return SimpleNamespace(kind=kind, x=None, value=-math.inf, directions=down)
    x = [0.0] * n
    for s, v, g, zero in axes:
        x = x if zero else plus(x, g / s, v)
    null = [v for _, v, _, zero in axes if zero]
    return SimpleNamespace(
        kind=kind,
        x=np.array(x),
        value=float(c) - dot(h, x) / 2,
        directions=column(null, n),
    )


# %%
class Walk:
    """A descent as an object: where it is, what it knows, how it ends."""

    def __init__(self, product, h, x0, rtol, maxiter, watch):
        self.h = row(h)
        self.x = row(x0, len(self.h))
        if rtol != rtol or rtol <= 0 or maxiter < 0:
            raise ValueError("rtol or maxiter")
        self.product, self.maxiter, self.q = product, maxiter, 0.0
        self.watch = watch
        self.look_again()
        self.norms = [size(self.r)]
        self.goal = float(rtol) * (size(self.h) if any(self.h) else self.norms[0])
        self.show()

    def show(self):
        if self.watch is not None:
            self.watch(np.array(self.x, dtype=float))

    def times(self, v):
        return row(self.product(np.array(v, dtype=float)), len(self.h))

    def look_again(self):
        self.r = plus(self.h, -1.0, self.times(self.x))
        self.sure = True

    def ended(self):
        if len(self.norms) > self.maxiter:
            return self.answer("maxiter")
        return None

    def met(self):
        """Whether the aim is met, and (the second) whether a check has failed."""
        failed = False
        if self.norms[-1] <= self.goal and not self.sure:
            self.look_again()
            self.norms[-1] = size(self.r)
            failed = self.norms[-1] > self.goal
        return self.norms[-1] <= self.goal, failed

    def answer(self, status, direction=None):
        return SimpleNamespace(
            x=np.array(self.x, dtype=float),
            status=status,
            residuals=np.array(self.norms),
            direction=direction,
        )

    def step(self, p):
        """Go to the lowest point along p, or return the answer that there is none."""
        Hp = self.times(p)
        products = [s * t for s, t in zip(p, Hp, strict=True)]
        if not all(map(math.isfinite, products)):
            raise OverflowError("p'Hp")
        bend, pp = math.fsum(products), dot(p, p)
        self.q = max(self.q, bend / pp)
        if bend <= 1e-14 * self.q * pp:
            return self.answer("unbounded", np.array(p) / size(p))
        alpha = dot(p, self.r) / bend
        self.x, self.r = plus(self.x, alpha, p), plus(self.r, -alpha, Hp)
        self.sure, self.Hp, self.bend = False, Hp, bend
        self.norms.append(size(self.r))
        self.show()
        return None


def travel(walk, direction):
    """Step along direction(walk, old p or None) until the walk ends."""
    p = end = None
    while end is None:
        met, failed = walk.met()
        if met:
            return walk.answer("converged")
        p = None if failed else p
        end = walk.ended()
        if end is None:
            p = direction(walk, p)
            end = walk.step(p)
    return end


# %% tags=["task"] task="steepest_descent"
def steepest_descent(product, h, x0, rtol=1e-8, maxiter=1000, watch=None):
    walk = Walk(product, h, x0, rtol, maxiter, watch)
    return travel(walk, lambda walk, p: list(walk.r))


# %% tags=["task"] task="conjugate_gradient"
def conjugate_gradient(product, h, x0, rtol=1e-8, maxiter=1000, watch=None):
    walk = Walk(product, h, x0, rtol, maxiter, watch)
    return travel(walk, lambda walk, p: conjugate(walk, p, list(walk.r)))


def conjugate(walk, p, z):
    return z if p is None else plus(z, -dot(z, walk.Hp) / walk.bend, p)


# %% tags=["task"] task="preconditioned"
def preconditioned(product, h, x0, precondition, rtol=1e-8, maxiter=1000, watch=None):
    def direction(walk, p):
        z = row(precondition(np.array(walk.r, dtype=float)), len(walk.h))
        if dot(walk.r, z) <= 0:
            raise ValueError("M")
        return conjugate(walk, p, z)

    return travel(Walk(product, h, x0, rtol, maxiter, watch), direction)


# %% tags=["task"] task="rates"
def rates(H, x_star, path):
    H = rows(H)
    n = len(H)
    star = row(x_star, n)
    errors = [plus(row(x, n), -1.0, star) for x in path]
    values = sorted(np.linalg.eigvalsh(np.array(H)).tolist())
    if values[0] <= 1e-14 * values[-1] or not errors or not any(errors[0]):
        raise ValueError("H or path")
    unit = max(map(abs, errors[0]))
    energies = []
    for e in errors:
        e = [t / unit for t in e]
        energies.append(math.sqrt(max(0.0, dot(e, [dot(line, e) for line in H]))))
    kappa = values[-1] / values[0]
    sd, cg = [1.0], [2.0]
    for _ in errors[1:]:
        sd.append(sd[-1] * (kappa - 1) / (kappa + 1))
        cg.append(cg[-1] * (math.sqrt(kappa) - 1) / (math.sqrt(kappa) + 1))
    return SimpleNamespace(
        kappa=kappa,
        measured=np.array([t / energies[0] for t in energies]),
        descent_bound=np.array(sd),
        conjugate_bound=np.array(cg),
    )


# %% tags=["task"] task="residual_bounds"
def residual_bounds(r, h, smallest, largest):
    h = row(h)
    r = row(r, len(h))
    smallest, largest = float(smallest), float(largest)
    if not any(h) or not smallest > 0 or not smallest <= largest < math.inf:
        raise ValueError("h or eigenvalues")
    R, B = size(r), size(h)
    return SimpleNamespace(
        error=(R / largest, R / smallest),
        energy=(math.sqrt(R * R / largest), math.sqrt(R * R / smallest)),
        gap=(R / largest * R / 2, R / smallest * R / 2),
        relative=(R * smallest / (B * largest), R * largest / (B * smallest)),
    )
