# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% [markdown]
# # Quadratic forms and conjugate gradients
#
# The chapter `02-quadratic-forms` explains; this file is where you write. Fill the
# cells that raise `NotImplementedError`, one task at a time, and keep the names. The
# grader finds each task by its name, runs it beside a hidden reference, and never runs
# the explore cells. `check("evaluate")` runs the public tests of one task. Helpers of
# your own may stand in cells between the tasks.
#
# In all tasks arrays hold floats or integers of any width, of sizes between 1e-60 and
# 1e60; compute in float64. No argument is ever changed, and every array that you return
# is new and float64. Numbers may be Python's or NumPy's. `n` may be 0 unless a task
# says otherwise.

# %% tags=["setup"]
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from autograder.student import attempt, check

Product = Callable[[np.ndarray], np.ndarray]  # v -> H v


# %%
class Form(NamedTuple):
    """A quadratic polynomial. Leave it as it is: the grader reads these fields."""

    matrix: np.ndarray  # (n, n), symmetric
    vector: np.ndarray  # (n,)
    constant: float


class Minimum(NamedTuple):
    """What `minimise` found. Leave it as it is: the grader reads these fields."""

    kind: str  # "bowl", "trough", "ramp" or "saddle"
    x: np.ndarray | None  # (n,), a minimiser; None where there is none
    value: float  # f there; -inf where f has no minimum
    directions: np.ndarray  # (n, k): its columns are unit vectors


class Run(NamedTuple):
    """What a descent did. Leave it as it is: the grader reads these fields."""

    x: np.ndarray  # (n,), the last point
    status: str  # "converged", "maxiter" or "unbounded"
    residuals: np.ndarray  # (k + 1,) after k steps: |r| at the start and after each
    direction: np.ndarray | None  # (n,), a unit vector where "unbounded", else None


class Rates(NamedTuple):
    """What `rates` measured. Leave it as it is: the grader reads these fields."""

    kappa: float  # condition number
    measured: np.ndarray  # (k + 1,): energy of the error, over that of the first
    descent_bound: np.ndarray  # (k + 1,): what steepest descent cannot exceed
    conjugate_bound: np.ndarray  # (k + 1,): what conjugate gradients cannot exceed


class Bounds(NamedTuple):
    """What a residual promises. Leave it as it is: the grader reads these fields."""

    error: tuple[float, float]  # least and largest possible |e|
    energy: tuple[float, float]  # the same for sqrt(e'He)
    gap: tuple[float, float]  # the same for f(x) - f(x*)
    relative: tuple[float, float]  # the same for |e| / |x*|


# %% [markdown]
# ## 1. `evaluate`
# The value and the gradient of a polynomial as it comes. Chapter, step 1.


# %% tags=["task"] task="evaluate"
def evaluate(
    a: np.ndarray, b: np.ndarray, c: float, x: np.ndarray
) -> tuple[float, np.ndarray]:
    """Return f(x) and the gradient of f at x.

    f(x) = sum over i, j of a_ij x_i x_j + sum over i of b_i x_i + c.

    Args:
        a: (n, n), any square matrix: not necessarily symmetric, possibly zero.
        b: (n,).
        c: A number.
        x: The point, (n,).

    Returns:
        f(x), and an array (n,).

    Raises:
        ValueError: a is not a square matrix, or the shape of b or x does not fit it.
    """
    raise NotImplementedError("evaluate: chapter, step 1")


# %% tags=["explore"]
with attempt():
    a, b, c = np.array([[1.0, 4.0], [0.0, 3.0]]), np.array([2.0, -1.0]), 5.0
    x, step = np.array([0.5, -2.0]), 1e-5
    value, slopes = evaluate(a, b, c, x)
    print("f(x) =", value, "want 15.25")
    for i, axis in enumerate(step * np.eye(2)):  # the central differences of lesson 01
        high, low = (evaluate(a, b, c, x + s * axis)[0] for s in (1, -1))
        by_differences = (high - low) / (2 * step)
        print(f"slope {i}: {slopes[i]:.6f}, by differences {by_differences:.6f}")

# %% tags=["check"]
check("evaluate")

# %% [markdown]
# ## 2. `both_forms`
# The polynomial with a symmetric matrix, in the two usual ways. Chapter, step 2.


# %% tags=["task"] task="both_forms"
def both_forms(a: np.ndarray, b: np.ndarray, c: float) -> tuple[Form, Form]:
    """Write the polynomial of `evaluate` with symmetric matrices, in two forms.

    Args:
        a: (n, n), any square matrix.
        b: (n,).
        c: A number.

    Returns:
        Two Forms of the same polynomial. The first, (A, b, c), means x'Ax + b'x + c.
        The second, (H, h, c), means x'Hx/2 - h'x + c. A and H are exactly symmetric,
        and no array of one form is an array of the other, or an argument.

    Raises:
        ValueError: a is not a square matrix; the shape of b does not fit it; a, b or c
            holds a NaN or an infinity; the polynomial has no quadratic part, because A
            is exactly zero: a is all zero, or its terms cancel, or n = 0.
    """
    raise NotImplementedError("both_forms: chapter, step 2")


# %% tags=["explore"]
with attempt():
    for form in both_forms(np.array([[1, 4], [0, 3]]), np.array([2, -1]), 5):
        print(form)

# %% tags=["check"]
check("both_forms")

# %% [markdown]
# ## 3. `classify`
# Has it a minimum at all? Chapter, step 3.


# %% tags=["task"] task="classify"
def classify(H: np.ndarray, h: np.ndarray, rtol: float = 1e-10) -> str:
    """Say which shape f(x) = x'Hx/2 - h'x + c has; c does not matter.

    An eigenvalue of H counts as zero where its size is at most rtol times the largest
    size of all eigenvalues. The eigenvectors of these eigenvalues span a space, and h_0
    is the part of h in it; it counts as zero where |h_0| <= rtol |h|.

    Args:
        H: (n, n), symmetric to the last bit.
        h: (n,).
        rtol: Relative tolerance, from 1e-13 to 0.5.

    Returns:
        "bowl": all eigenvalues are positive (also for n = 0). "trough": none is
        negative, some are zero, and so is h_0. "ramp": none is negative, some are zero,
        and h_0 is not. "saddle": some are negative, perhaps all.

    Raises:
        ValueError: H is not a square matrix, or not symmetric; the shape of h does not
            fit it; H or h holds a NaN or an infinity.
    """
    raise NotImplementedError("classify: chapter, step 3")


# %% tags=["explore"]
with attempt():
    for corner in (1.0, 0.0, -1.0):
        for h in ([2.0, 0.0], [2.0, 1.0]):
            kind = classify(np.diag([1.0, corner]), np.array(h))
            print(f"H = diag(1, {corner:g}), h = {h}: {kind}")

# %% tags=["check"]
check("classify")

# %% [markdown]
# ## 4. `minimise`
# The minimum by algebra, or the proof that there is none. Chapter, step 3.


# %% tags=["task"] task="minimise"
def minimise(H: np.ndarray, h: np.ndarray, c: float, rtol: float = 1e-10) -> Minimum:
    """Find all minima of f(x) = x'Hx/2 - h'x + c, or a way down without end.

    Args:
        H: As for `classify`.
        h: As for `classify`.
        c: A number.
        rtol: As for `classify`: what counts as zero.

    Returns:
        kind is what `classify` says. With it comes, for

        "bowl": x, the one minimiser, and directions of shape (n, 0).
        "trough": x, the shortest of all minimisers. The columns of directions are an
            orthonormal basis of the space in which x may move and stay one.
        "ramp": x is None and the value -inf. The one column of directions is a unit
            vector d with h'd > 0 and Hd = 0, up to what counts as zero.
        "saddle": x is None and the value -inf. The one column of directions is a unit
            vector d with d'Hd < 0.

        For a condition number of kappa (without the eigenvalues that count as zero) the
        relative error of x is at most about kappa * 1e-14.

    Raises:
        ValueError: As for `classify`.
    """
    raise NotImplementedError("minimise: chapter, step 3")


# %% tags=["explore"]
with attempt():
    print(minimise(np.array([[3.0, 2.0], [2.0, 6.0]]), np.array([2.0, -8.0]), 0.0))
    print(minimise(np.array([[1.0, 1.0], [1.0, 1.0]]), np.array([2.0, 2.0]), 0.0))
    print(minimise(np.array([[1.0, 1.0], [1.0, 1.0]]), np.array([2.0, 1.0]), 0.0))

# %% tags=["check"]
check("minimise")

# %% [markdown]
# ## 5. `steepest_descent`
# Downhill, as far as it pays, again and again. Chapter, step 4.


# %% tags=["task"] task="steepest_descent"
def steepest_descent(
    product: Product,
    h: np.ndarray,
    x0: np.ndarray,
    rtol: float = 1e-8,
    maxiter: int = 1000,
    watch: Callable[[np.ndarray], object] | None = None,
) -> Run:
    """Walk down f(x) = x'Hx/2 - h'x along residuals, each time to the lowest point.

    Args:
        product: Takes v, (n,), and returns Hv; H is symmetric. It gets a fresh float64
            array at each call, which it may keep, overwrite or return; it may return
            one buffer of its own each time.
        h: (n,).
        x0: The start, (n,).
        rtol: The aim is |h - Hx| <= rtol |h|; where h = 0, <= rtol |r| of the start.
        maxiter: How many steps are allowed; 0 is allowed too.
        watch: Called with a fresh copy of x0, and of x after each step.

    A step goes from x along its direction p, here the residual r = h - Hx, to the
    lowest point on that line. Its one product, Hp, also brings r up to date: that of
    the new x is Hx plus a multiple of Hp. Before a step the run may end, in this order:

    "converged": r meets the aim. After a step, the r brought up to date may be wrong:
        where it meets the aim, one more product computes h - Hx itself, which takes
        the place of r and of the last entry of residuals. Only if that meets the aim
        too has the run converged; else it goes on, with p = r as at the start.
    "maxiter": so many steps were taken.
    "unbounded": p'Hp <= 1e-14 q p'p, with q the largest p'Hp / p'p up to now, this p
        included, or 0 if all are negative. `direction` is p as a unit vector: from x
        along it f falls without end, because p'r > 0. (H has a condition number below
        1e13, leaving zero eigenvalues out. Where some are zero, rounding may leave an
        r of 1e-16 times the largest eigenvalue times |x| along them: rtol asks for
        more than that, or a trough, which has minima, may end so too.)

    A run costs at most one product for x0, one for each step and one for each check
    that "converged" asks for; one more to find that it is "unbounded".

    Raises:
        ValueError: h is not one-dimensional; x0 or what product returns has another
            shape than h; rtol is not greater than 0; maxiter is negative.
        OverflowError: p'Hp is infinite (of either sign) or NaN: the run has left the
            range of float64. This is asked before "unbounded" is.
    """
    raise NotImplementedError("steepest_descent: chapter, step 4")


# %% tags=["explore"]
H, h = np.array([[3.0, 2.0], [2.0, 6.0]]), np.array([2.0, -8.0])
with attempt():
    path = []
    run = steepest_descent(
        lambda v: H @ v, h, np.array([-2.0, -2.0]), watch=path.append
    )
    print(run.status, "in", len(run.residuals) - 1, "steps at", run.x, "want [2, -2]")
    print(*path[:4], sep="\n")

# %% tags=["check"]
check("steepest_descent")

# %% [markdown]
# ## 6. `conjugate_gradient`
# No direction twice. Chapter, step 5.


# %% tags=["task"] task="conjugate_gradient"
def conjugate_gradient(
    product: Product,
    h: np.ndarray,
    x0: np.ndarray,
    rtol: float = 1e-8,
    maxiter: int = 1000,
    watch: Callable[[np.ndarray], object] | None = None,
) -> Run:
    """Walk down f(x) = x'Hx/2 - h'x along conjugate directions.

    All arguments, endings, costs and refusals are those of `steepest_descent`, with
    another direction p: the first is the residual r, and so is that after a check that
    failed. The next p after a step is the new r plus that multiple of the old p which
    makes p_new'H p_old zero. No product but Hp is needed for it.
    """
    raise NotImplementedError("conjugate_gradient: chapter, step 5")


# %% tags=["explore"]
with attempt():
    path = []
    run = conjugate_gradient(
        lambda v: H @ v, h, np.array([-2.0, -2.0]), watch=path.append
    )
    print(run.status, "in", len(run.residuals) - 1, "steps at", run.x, "want [2, -2]")
    print(*path, sep="\n")

# %% tags=["check"]
check("conjugate_gradient")

# %% [markdown]
# ## 7. `preconditioned`
# Conjugate gradients in better coordinates. Chapter, step 7.


# %% tags=["task"] task="preconditioned"
def preconditioned(
    product: Product,
    h: np.ndarray,
    x0: np.ndarray,
    precondition: Product,
    rtol: float = 1e-8,
    maxiter: int = 1000,
    watch: Callable[[np.ndarray], object] | None = None,
) -> Run:
    """Walk down f(x) = x'Hx/2 - h'x along conjugate directions made of z, Mz = r.

    All other arguments, endings, costs and refusals are those of `conjugate_gradient`:
    the aim, and `residuals`, are about r, not z. The first p, and that after a check
    that failed, is z.

    Args:
        precondition: Takes r, (n,), and returns z with Mz = r, for a symmetric matrix M
            whose eigenvalues are positive. What is said of product holds for it too.
            It is called once at most for each residual that does not end the run.

    Raises:
        ValueError: r'z <= 0 in some step, which no such M can give; z has another
            shape than r.
    """
    raise NotImplementedError("preconditioned: chapter, step 7")


# %% tags=["explore"]
with attempt():
    sizes = 10.0 ** np.linspace(0, 6, 50)
    M = np.diag(sizes)
    bent = M + 0.1 * np.sqrt(np.outer(sizes, sizes))
    for name, scaled in (
        ("plain", lambda r: r),
        ("by the diagonal", lambda r: r / sizes),
    ):
        run = preconditioned(lambda v: bent @ v, np.ones(50), np.zeros(50), scaled)
        print(f"{name:16} {run.status} in {len(run.residuals) - 1} steps")

# %% tags=["check"]
check("preconditioned")

# %% [markdown]
# ## 8. `rates`
# What was measured beside what was proved. Chapter, step 6.


# %% tags=["task"] task="rates"
def rates(H: np.ndarray, x_star: np.ndarray, path: Sequence[np.ndarray]) -> Rates:
    """Measure how fast a path comes down, beside the bounds for two methods.

    The error at point k is e_k = x_k - x_star, its energy norm sqrt(e'He), and kappa
    the largest eigenvalue of H over the smallest.

    Args:
        H: (n, n), symmetric, n >= 1.
        x_star: The minimiser, (n,).
        path: The points x_0, ..., x_k: a list of arrays (n,), or an array (k + 1, n).

    Returns:
        For each point of the path: `measured`, the energy norm of its error over that
        of x_0; `descent_bound` and `conjugate_bound`, what that ratio is at most after
        as many steps of steepest descent and of conjugate gradients, by formulas (5)
        and (6) of the chapter, as they stand: the second is 2 at x_0.

    Raises:
        ValueError: the smallest eigenvalue of H is at most 1e-14 times the largest; the
            path is empty, or x_0 is x_star; a shape does not fit H.
    """
    raise NotImplementedError("rates: chapter, step 6")


# %% tags=["explore"]
with attempt():
    for method in (steepest_descent, conjugate_gradient):
        path = []
        method(lambda v: H @ v, h, np.array([-2.0, -2.0]), maxiter=4, watch=path.append)
        found = rates(H, np.array([2.0, -2.0]), path)
        print(method.__name__, f"kappa {found.kappa:.2f}")
        print("  measured", found.measured)
        print("  bounds  ", found.descent_bound, found.conjugate_bound)

# %% tags=["check"]
check("rates")

# %% [markdown]
# ## 9. `residual_bounds`
# What a small residual promises, and what it does not. Chapter, step 8.


# %% tags=["task"] task="residual_bounds"
def residual_bounds(
    r: np.ndarray, h: np.ndarray, smallest: float, largest: float
) -> Bounds:
    """Return what a residual says about the error, whatever H and x are.

    The residual is r = h - Hx at some x, and the error e = x - x*, where Hx* = h. Of H
    only the two extreme eigenvalues are known.

    Args:
        r: (n,).
        h: (n,), not all zero.
        smallest: The smallest eigenvalue of H.
        largest: The largest.

    Returns:
        Four pairs (low, high) of numbers: the tightest limits, in terms of |r|, |h| and
        the two eigenvalues, of |e|, of sqrt(e'He), of f(x) - f(x*), and of |e| / |x*|.
        For the last, |e| and |x*| are bounded each by itself, then divided.

    Raises:
        ValueError: h is all zero; r has another shape than h; not 0 < smallest <=
            largest; largest is infinite or NaN.
    """
    raise NotImplementedError("residual_bounds: chapter, step 8")


# %% tags=["explore"]
with attempt():
    print(residual_bounds(np.array([3e-8, 4e-8]), np.array([3.0, 4.0]), 1e-6, 1.0))

# %% tags=["check"]
check("residual_bounds")
