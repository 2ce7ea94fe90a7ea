# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% [markdown]
# # Gradients and directional derivatives
#
# The chapter `01-gradients` explains; this file is where you write. Fill the cells
# that raise `NotImplementedError`, one task at a time, and keep the names. The grader
# finds each task by its name, runs it beside a hidden reference, and never runs the
# explore cells. `check("partial")` runs the public tests of one task.

# %% tags=["setup"]
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from autograder.student import attempt, check

Function = Callable[[np.ndarray], float]


# %%
class Report(NamedTuple):
    """What `gradcheck` found. Leave it as it is: the grader reads these fields."""

    ok: bool  # every error is within its allowance and there is no kink
    worst_index: int  # the coordinate with the largest error / allowance
    abs_err: float  # |g_i - c_i| there
    rel_err: float  # abs_err / max(|g_i|, |c_i|) there, 0.0 where both are zero
    kinks: tuple[int, ...]  # coordinates whose two one-sided slopes disagree


# %% [markdown]
# ## 1. `partial`
# The slope of `f` at `x` in coordinate `i`, by sampling `f`. Chapter, step 2.
#
# `f` may answer with a float, a 0-d array or an array of one element. It may keep or
# overwrite the array it is given. What it raises passes through. `x` never changes.


# %% tags=["task"] task="partial"
def partial(
    f: Function,
    x: np.ndarray,
    i: int,
    h: float | None = None,
    scheme: str = "central",
) -> float:
    """Estimate df/dx_i at x from values of f.

    Args:
        f: Takes a fresh (n,) array at each call and returns one number.
        x: The point, (n,), n >= 1. float32 stays float32 (`f` sees float32);
            everything else, integers included, becomes float64.
        i: The coordinate, 0 <= i < n. Negative indices do not wrap.
        h: The step, used as given. By default `c * max(1, |x_i|)` with
            `c = eps ** (1/3)` for "central" and `eps ** (1/2)` for "forward", where
            `eps` is that of x's dtype; 1e-30 for "complex".
        scheme: "central": two calls, at x_i + h and x_i - h. "forward": two calls, at
            x_i + h and x_i. "complex": one call with a complex128 copy of x, at
            x_i + ih, and the imaginary part of the answer over h. The real schemes
            divide by the distance between the two points as they were rounded.

    Returns:
        A float. At a kink, what the scheme gives: for |x| at 0, "central" gives
        0.0 and "forward" gives 1.0.

    Raises:
        IndexError: i is outside 0..n-1.
        ValueError: x is not one-dimensional; the scheme is unknown; h is not positive
            and finite, or so small that the sample points coincide; f returns anything
            but one element.
    """
    raise NotImplementedError("partial: chapter, step 2")


# %% tags=["explore"]
with attempt():
    for exponent in range(1, 15):
        step = 10.0**-exponent
        error = partial(lambda x: math.exp(x[0]), np.array([1.0]), 0, h=step) - math.e
        print(f"h = 1e-{exponent:02d}   error {abs(error):.1e}")

# %% tags=["check"]
check("partial")

# %% [markdown]
# ## 2. `gradient`
# All the partial derivatives, each with its own step. Chapter, step 2.


# %% tags=["task"] task="gradient"
def gradient(f: Function, x: np.ndarray) -> np.ndarray:
    """Estimate the gradient of f at x by central differences.

    Args:
        f: As for `partial`.
        x: The point, (n,), as for `partial`.

    Returns:
        A new float64 array, (n,), whatever the dtype of x. Costs exactly 2n calls of f.
    """
    raise NotImplementedError("gradient: chapter, step 2")


# %% tags=["explore"]
with attempt():
    print(gradient(lambda x: x[0] ** 2 + x[1] ** 2, np.array([1, 2])), "want [2, 4]")

# %% tags=["check"]
check("gradient")

# %% [markdown]
# ## 3. `directional`
# The slope of `f` along any direction, for two calls of `f`. Chapter, step 3.


# %% tags=["task"] task="directional"
def directional(f: Function, x: np.ndarray, v: np.ndarray, *, normalise: bool) -> float:
    """Estimate the derivative of f at x along v.

    Args:
        f: As for `partial`.
        x: The point, (n,), as for `partial`.
        v: The direction, (n,), finite, of any length from 1e-200 to 1e200.
        normalise: True: the slope along the unit vector u = v/|v|. False: the slope
            along v itself, |v| times as large.

    Returns:
        A float, from exactly two calls of f: at x + hu and x - hu, with u the
        *unit* vector in both cases and
        `h = eps ** (1/3) / max_i (|u_i| / max(1, |x_i|))`.
        For v = 0 without `normalise`: 0.0.

    Raises:
        ValueError: v has another shape than x, or holds a NaN or an infinity; v = 0
            with `normalise`.
    """
    raise NotImplementedError("directional: chapter, step 3")


# %% tags=["explore"]
with attempt():
    bowl = lambda x: x[0] ** 2 + x[1] ** 2  # noqa: E731
    for degrees in range(0, 361, 45):
        turn = np.deg2rad(degrees)
        arrow = np.array([np.cos(turn), np.sin(turn)])
        slope = directional(bowl, np.array([1.0, 2.0]), arrow, normalise=True)
        print(f"{degrees:3d} degrees   slope {slope:+.3f}")

# %% tags=["check"]
check("directional")

# %% [markdown]
# ## 4. `steepest`
# Which unit vector climbs fastest depends on what "unit" means. Chapter, step 4.


# %% tags=["task"] task="steepest"
def steepest(grad: np.ndarray, norm: str) -> np.ndarray:
    """Return the unit vector u, in the given norm, with the largest grad . u.

    Args:
        grad: The gradient, (n,), ints or floats, of any length from 1e-200 to 1e200.
        norm: "l2": sum of squares. "l1": sum of sizes; of several largest coordinates
            the first wins, and u has one non-zero entry. "linf": the largest size; u_i
            is 0 where grad_i is 0.

    Returns:
        A new float64 array, (n,).

    Raises:
        ValueError: grad is all zero, or holds a NaN or an infinity; unknown norm.
    """
    raise NotImplementedError("steepest: chapter, step 4")


# %% tags=["explore"]
with attempt():
    for norm in ("l1", "l2", "linf"):
        print(norm, steepest(np.array([2.0, 4.0]), norm))

# %% tags=["check"]
check("steepest")

# %% [markdown]
# ## 5. `Dual`, with `sin`, `exp` and `log`
# A number that carries its derivative. Chapter, step 5.
#
# `+ - * / **` and unary minus, with a `Dual`, an int or a float on either side. No
# operation changes its operands.


# %% tags=["task"] task="Dual"
class Dual:
    """A value and its tangent: value + tangent * d, where d * d = 0.

    Attributes:
        value: float.
        tangent: float, 0.0 unless given.

    `a ** b` works for any real exponent. Where the exponent is a number, or a Dual
    whose tangent is 0, the base may be negative (for whole exponents) or zero:
    `Dual(-2.0, 1.0) ** 3` is -8 with tangent 12, and `a ** 0` is 1 with tangent 0.
    Where the exponent has a tangent and the base is negative: ValueError.
    """

    def __init__(self, value: float, tangent: float = 0.0) -> None:
        raise NotImplementedError("Dual: chapter, step 5")


def sin(x: "Dual | float") -> "Dual | float":
    """Return the sine: a Dual for a Dual, a float for a number."""
    raise NotImplementedError("sin: chapter, step 5")


def exp(x: "Dual | float") -> "Dual | float":
    """Return the exponential: a Dual for a Dual, a float for a number."""
    raise NotImplementedError("exp: chapter, step 5")


def log(x: "Dual | float") -> "Dual | float":
    """Return the natural logarithm, or raise ValueError where the value is <= 0."""
    raise NotImplementedError("log: chapter, step 5")


# %% tags=["explore"]
with attempt():
    x = Dual(3.0, 1.0)
    y = x * x / (1 + x)
    print("x^2/(1+x) at 3:", y.value, y.tangent, "want 2.25 and 0.9375")

# %% tags=["check"]
check("Dual")

# %% [markdown]
# ## 6. `jvp`
# The exact directional derivative, for one call of `f`. Chapter, step 5.


# %% tags=["task"] task="jvp"
def jvp(
    f: Callable[[Sequence[Dual]], "Dual | float"],
    x: Sequence[float],
    v: Sequence[float],
) -> tuple[float, float]:
    """Return f(x) and the derivative of f at x along v, as two floats.

    Args:
        f: Called exactly once, with a sequence of n Duals, which it may index, iterate
            over and measure with `len`. It returns a Dual, or a number where it does
            not depend on x: then the derivative is 0.0.
        x: The point, n numbers (a list or an array, of ints or floats).
        v: The direction, n numbers, taken as it is: not normalised.

    Raises:
        ValueError: x and v differ in length.
    """
    raise NotImplementedError("jvp: chapter, step 5")


# %% tags=["explore"]
with attempt():
    print(jvp(lambda x: x[0] ** 2 + x[1] ** 2, [1, 2], [0.6, 0.8]), "want (5.0, 4.4)")

# %% tags=["check"]
check("jvp")

# %% [markdown]
# ## 7. `gradcheck`
# Is a gradient written by hand right? Chapter, step 6.


# %% tags=["task"] task="gradcheck"
def gradcheck(
    f: Function,
    g: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    rtol: float = 1e-5,
    atol: float = 1e-8,
) -> Report:
    """Compare a claimed gradient g with central differences c of f, at x.

    Coordinate i is right when `|g_i - c_i| <= atol + rtol * max(|g_i|, |c_i|)`. The
    right-hand side is its allowance; `worst_index` is the coordinate with the largest
    error / allowance (the first of equals). Where g_i or c_i is NaN or infinite, both
    errors are infinite, and that coordinate is worse than any finite one.

    A kink is a coordinate whose slopes from the left and from the right differ by more
    than the allowance, and do not draw together as the step shrinks: |x| at 0 is one,
    x**2 at 0 is none, however strongly it curves. Rounding makes no kink: up to
    64 eps |f| / h, |f| the largest sample, h the step. The allowance is that of the
    coordinate, so a g_i that is far too large may hide one. Where a kink is found `ok`
    is False, however right g is.

    Args:
        f: As for `partial`. Called at most 16n + 16 times.
        g: Called once with a fresh array; returns n numbers.
        x: The point, (n,), as for `partial`. It never changes.
        rtol: Relative tolerance; the default suits an f that computes in float64.
        atol: Absolute tolerance, greater than 0.

    Raises:
        ValueError: what g returns has another shape than x.
    """
    raise NotImplementedError("gradcheck: chapter, step 6")


# %% tags=["explore"]
with attempt():
    cube = lambda x: float(np.sum(x**3))  # noqa: E731
    print(gradcheck(cube, lambda x: 3 * x**2, np.array([1.0, -2.0])))
    print(gradcheck(cube, lambda x: 3 * x, np.array([1.0, -2.0])))

# %% tags=["check"]
check("gradcheck")
