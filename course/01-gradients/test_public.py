"""Public tests of lesson 01: every sentence of the contracts, on small examples.

The hidden tests ask the same of other functions and points: read the docstrings.
"""

import math

import numpy as np
import pytest

from autograder.student.testing import check

CONTRACT = "The contract in the docstring."
STEP_2, STEP_3 = "Chapter, step 2.", "Chapter, step 3."
STEP_4, STEP_5, STEP_6 = "Chapter, step 4.", "Chapter, step 5.", "Chapter, step 6."
POINT = np.array([1.0, 2.0])


def bowl(x):
    """Return x^2 + y^2, the chapter's example."""
    return float(x[0]) ** 2 + float(x[1]) ** 2


def cube_around(point, i):
    """Return (x_i - a)^3 with a = point[i]: its sampled slope at the point is h^2."""
    return lambda x: (float(x[i]) - float(point[i])) ** 3


def step_is(slope, h, where, look):
    """Check the step that a slope of `cube_around` shows; it need not be exact."""
    check.true(
        h / 5 < math.sqrt(abs(float(slope))) < 5 * h,
        where=f"{where}: the default step",
        evidence=f"the step is {math.sqrt(abs(float(slope))):.1e}, not about {h:.1e}",
        look=look,
    )


# --- partial ------------------------------------------------------------------------


@pytest.mark.task("partial")
def test_partial(student):
    f = check.counted(lambda x: math.exp(-float(x[0])))
    one = np.array([1.0])
    got = student.partial(f, one, 0)
    coarse = student.partial(f, one, 0, h=0.5)
    forward = student.partial(f, one, 0, scheme="forward")
    g = check.counted(lambda z: np.exp(-z[0]))
    exact = student.partial(g, one, 0, scheme="complex")

    where, slope = "partial of exp(-x) at 1", -math.exp(-1)
    check.close(got, slope, rtol=1e-8, where=f"{where}, default step", look=STEP_2)
    want = slope * math.sinh(0.5) / 0.5
    check.close(coarse, want, rtol=1e-9, where=f"{where}, h=0.5", look=STEP_2)
    check.close(forward, slope, rtol=1e-6, where=f"{where}, 'forward'", look=STEP_2)
    check.close(exact, slope, rtol=1e-14, where=f"{where}, 'complex'", look=STEP_2)
    check.equal(f.calls, 6, where=f"{where}: three times two calls of f", look=CONTRACT)
    check.equal(g.calls, 1, where=f"{where}, 'complex': calls of f", look=CONTRACT)


@pytest.mark.task("partial")
def test_partial_default_steps(student):
    eps = float(np.finfo(np.float64).eps)
    seen = []
    for scheme, c in (("central", eps ** (1 / 3)), ("forward", eps ** (1 / 2))):
        for a in (0.0, 3.0, -50.0):
            x = np.array([4000.0, a])
            slope = student.partial(cube_around(x, 1), x, 1, scheme=scheme)
            seen.append((slope, c * max(1.0, abs(a)), f"{scheme!r}, x_i = {a:g}"))
    single = np.array([1.0], dtype=np.float32)
    slope = student.partial(cube_around(single, 0), single, 0)
    seen.append((slope, float(np.finfo(np.float32).eps) ** (1 / 3), "float32 x"))

    for slope, h, kind in seen:
        step_is(slope, h, f"partial, {kind}", STEP_2)


@pytest.mark.task("partial")
def test_partial_given_steps(student):
    far = np.array([40.0, 7.0])
    square = lambda x: float(x[0]) ** 2  # noqa: E731
    forward = student.partial(square, far, 0, 0.5, "forward")
    central = student.partial(lambda x: float(x[0]) ** 3, far, 0, 0.5)
    tiny = student.partial(lambda z: z[0] ** 3, far, 0, 1e-100, "complex")
    rounded = student.partial(lambda x: 2.0 * float(x[1]), far, 1, 1e-7)

    where = "partial at 40 with h=0.5"
    check.close(forward, 80.5, rtol=1e-12, where=f"{where}, x^2, 'forward'")
    check.close(central, 4800.25, rtol=1e-12, where=f"{where}, x^3")
    where = "partial of x^3 at 40, 'complex' with h=1e-100"
    check.close(tiny, 4800.0, rtol=1e-13, where=where, look=STEP_2)
    where = "partial of 2x at 7 with h=1e-7: the slope of a line is exact"
    look = "7 + h is rounded: how far apart are the two points? " + STEP_2
    check.close(rounded, 2.0, rtol=1e-12, where=where, look=look)


@pytest.mark.task("partial")
def test_partial_kinds_of_numbers(student):
    product = lambda x: float(x[0]) * float(x[1]) ** 2  # noqa: E731
    whole = student.partial(product, np.array([3, 5]), 1)
    x = np.array([3.0, 5.0])
    in_array = student.partial(lambda x: x[:1] * x[1:] ** 2, x, 0)
    in_0d = student.partial(lambda x: np.array(product(x)), x, 0)
    f = check.counted(lambda x: 4.0 * float(x[0]))
    student.partial(f, np.array([3.0], dtype=np.float32), 0)
    kink = [
        student.partial(lambda x: abs(x[0]), np.zeros(1), 0, scheme=s) for s in REAL
    ]

    check.close(whole, 30.0, rtol=1e-7, where="partial with integer x", look=CONTRACT)
    where = "partial where f returns an array of one element"
    check.close(in_array, 25.0, rtol=1e-7, where=where, look=CONTRACT)
    where = "partial where f returns a 0-d array"
    check.close(in_0d, 25.0, rtol=1e-7, where=where, look=CONTRACT)
    for given in f.args:
        where = "partial with float32 x: what f is given"
        check.dtype(given, np.float32, where=where, look=CONTRACT)
    where = "partial of |x| at 0, 'central' and 'forward'"
    check.close(kink, [0.0, 1.0], atol=1e-9, where=where, look=CONTRACT)


REAL = ("central", "forward")


def careless(lesson):
    """Ask for slopes of an f that overwrites or keeps its argument, or raises."""
    import numpy as np

    x, kept = np.array([3.0, 5.0]), []

    def overwrites(p):
        value = float(p[0]) * float(p[1])
        p[:] = 99.0
        return value

    def keeps(p):
        kept.append(p)
        return float(p[0])

    def raises(p):
        raise KeyError("no value here")

    slopes = [
        lesson.partial(overwrites, x, 0, scheme=s) for s in ("central", "forward")
    ]
    lesson.partial(keeps, x, 0, 0.5)
    asked = sorted(float(p[0]) for p in kept)
    try:
        lesson.partial(raises, x, 0)
        raised = "nothing"
    except KeyError:
        raised = "KeyError"
    except Exception as error:
        raised = type(error).__name__
    return slopes, asked, raised, x.tolist()


@pytest.mark.task("partial")
def test_partial_of_careless_functions(student):
    slopes, asked, raised, after = student.run(careless)
    where = "partial of x*y where f overwrites its argument"
    check.close(slopes, [5.0, 5.0], rtol=1e-6, where=where, look=CONTRACT)
    where = "partial where f keeps the arrays it is given: x_i in them"
    check.close(asked, [2.5, 3.5], rtol=1e-12, where=where, look=CONTRACT)
    where = "partial where f raises KeyError: it passes through"
    check.equal(raised, "KeyError", where=where, look=CONTRACT)
    check.equal(after, [3.0, 5.0], where="partial: x afterwards", look=CONTRACT)


@pytest.mark.task("partial")
def test_partial_refuses(student):
    for i in (2, -1):
        where = f"partial of two coordinates, i = {i}"
        check.raises(
            IndexError, student.partial, bowl, POINT, i, where=where, look=CONTRACT
        )
    for kind, f, x, options in (
        ("an unknown scheme", bowl, POINT, {"scheme": "backward"}),
        ("h = 0", bowl, POINT, {"h": 0.0}),
        ("h = -0.1", bowl, POINT, {"h": -0.1}),
        ("an infinite h", bowl, POINT, {"h": math.inf}),
        ("h = 1e-18 at x_i = 1", bowl, POINT, {"h": 1e-18}),
        ("a 2-d x", lambda x: np.sum(x), np.ones((1, 2)), {}),
        ("f returning two numbers", lambda x: 2 * x, POINT, {}),
    ):
        where = f"partial with {kind}"
        check.raises(
            ValueError, student.partial, f, x, 0, where=where, look=CONTRACT, **options
        )


# --- gradient -----------------------------------------------------------------------


@pytest.mark.task("gradient")
def test_gradient(student):
    f = check.counted(bowl)
    got = student.gradient(f, POINT)
    uneven = lambda x: float(x[0]) * float(x[1]) ** 3 - 4.0 * float(x[2])  # noqa: E731
    three = student.gradient(uneven, np.array([-2.0, 1.5, 0.25]))

    where = "gradient of x^2 + y^2 at (1, 2)"
    check.close(got, [2.0, 4.0], rtol=1e-8, where=where, look=STEP_2)
    check.dtype(got, np.float64, where=where, look=CONTRACT)
    check.equal(f.calls, 4, where=f"{where}: calls of f", look="2n, with n = 2.")
    where, want = "gradient of x*y^3 - 4z at (-2, 1.5, 0.25)", [3.375, -13.5, -4.0]
    check.close(three, want, rtol=2e-9, where=where, look=STEP_2)


@pytest.mark.task("gradient")
def test_gradient_of_other_dtypes(student):
    half = lambda x: float(x[0]) / 2 + float(x[1]) ** 2  # noqa: E731
    for kind in (np.int64, np.float32):
        got = student.gradient(half, np.array([1, 3], dtype=kind))
        where = f"gradient of x/2 + y^2 at (1, 3), x is {kind.__name__}"
        check.dtype(got, np.float64, where=where, look=CONTRACT)
        check.close(got, [0.5, 6.0], rtol=1e-3, where=where, look=CONTRACT)


@pytest.mark.task("gradient")
def test_gradient_steps_each_coordinate_for_itself(student):
    x = np.array([3000.0, 2.0])
    slopes = student.gradient(lambda p: cube_around(x, 1)(p) + 7.0 * p[0], x)

    where = "gradient of 7x + (y - 2)^3 at (3000, 2)"
    check.shape(slopes, (2,), where=where, look=CONTRACT)
    check.close(slopes[0], 7.0, rtol=1e-6, where=where, look=STEP_2)
    h = 2.0 * float(np.finfo(np.float64).eps) ** (1 / 3)
    shown = student.gradient(cube_around(x, 1), x)
    step_is(shown[1], h, f"{where}, second coordinate", STEP_2)


# --- directional --------------------------------------------------------------------


@pytest.mark.task("directional")
def test_directional(student):
    f = check.counted(bowl)
    v = np.array([3.0, 4.0])
    slope = student.directional(f, POINT, v, normalise=True)
    along = student.directional(f, POINT, v, normalise=False)
    east = student.directional(f, POINT, np.array([1.0, 0.0]), normalise=True)
    down = student.directional(f, POINT, -v, normalise=False)

    where = "directional, x^2 + y^2 at (1, 2)"
    for got, want, kind in (
        (slope, 4.4, "along (3, 4)/5"),
        (along, 22.0, "along (3, 4)"),
        (east, 2.0, "along (1, 0)"),
        (down, -22.0, "along (-3, -4)"),
    ):
        check.close(got, want, rtol=1e-8, where=f"{where} {kind}", look=STEP_3)
    check.equal(f.calls, 8, where=f"{where}: four times two calls of f", look=CONTRACT)


@pytest.mark.task("directional")
def test_directional_steps(student):
    c = float(np.finfo(np.float64).eps) ** (1 / 3)
    seen = []
    for kind, x, v, size in (
        ("v moves the coordinate that is 2", [3000.0, 2.0], [0.0, 1.0], 2.0),
        ("v moves the coordinate that is -500", [2.0, -500.0], [0.0, 1.0], 500.0),
        ("v moves 3000 and 2 alike", [3000.0, 2.0], [1.0, 1.0], 2.0),
        ("v moves the coordinate that is -500 back", [2.0, -500.0], [0.0, -1.0], 500.0),
        ("v is long", [2.0, 0.0], [0.0, 800.0], 1.0),
    ):
        point = np.array(x)
        f = cube_around(point, 1)
        got = student.directional(f, point, np.array(v), normalise=True)
        seen.append((got, c * size, kind))
    for got, h, kind in seen:
        step_is(got, h, f"directional, {kind}", STEP_3)


@pytest.mark.task("directional")
def test_directional_lengths(student):
    plane = lambda x: 2.0 * float(x[0]) - float(x[1])  # noqa: E731
    slopes = [
        student.directional(plane, POINT, np.array([3.0, 4.0]) * size, normalise=True)
        for size in (1e200, 1e-200)
    ]
    still = student.directional(plane, POINT, np.zeros(2), normalise=False)
    single = np.array([1.0, 3.0], dtype=np.float32)
    rough = student.directional(plane, single, np.array([3.0, 4.0]), normalise=True)

    for kind, got in zip(("very long", "very short"), slopes, strict=True):
        where = f"directional along a {kind} (3, 4)"
        check.close(got, 0.4, rtol=1e-8, where=where, look=CONTRACT)
    where = "directional along v = 0, not normalised"
    check.equal(still, 0.0, where=where, look=CONTRACT)
    where = "directional of 2x - y along (3, 4)/5, float32 x"
    check.close(rough, 0.4, rtol=1e-3, where=where, look=CONTRACT)


@pytest.mark.task("directional")
def test_directional_refuses(student):
    for kind, v, normalise in (
        ("v = 0 and normalise", [0.0, 0.0], True),
        ("a v of one number", [1.0], True),
        ("a v of three numbers", [1.0, 0.0, 0.0], False),
        ("a NaN in v", [math.nan, 1.0], True),
        ("an infinity in v", [1.0, math.inf], False),
    ):
        check.raises(
            ValueError,
            student.directional,
            bowl,
            POINT,
            np.array(v),
            normalise=normalise,
            where=f"directional with {kind}",
            look=CONTRACT,
        )


# --- steepest -----------------------------------------------------------------------

NORMS = ("l1", "l2", "linf")


@pytest.mark.task("steepest")
def test_steepest(student):
    for grad, wants in (
        ([3.0, -4.0], ([0, -1], [0.6, -0.8], [1, -1])),
        ([4.0, 3.0], ([1, 0], [0.8, 0.6], [1, 1])),
    ):
        answers = [student.steepest(np.array(grad), norm) for norm in NORMS]
        for norm, got, want in zip(NORMS, answers, wants, strict=True):
            where = f"steepest, gradient {grad}, {norm}"
            check.close(got, want, atol=1e-12, where=where, look=STEP_4)


@pytest.mark.task("steepest")
def test_steepest_ties_zeros_and_sizes(student):
    cases = [
        ("l1, a tie", [-2.0, 1.0, 2.0], "l1", [-1, 0, 0]),
        ("linf, a zero", [0.0, -7.0], "linf", [0, -1]),
        ("l2, very long", [3e200, 4e200], "l2", [0.6, 0.8]),
        ("l2, very short", [3e-200, 4e-200], "l2", [0.6, 0.8]),
        ("l2, integers", [3, 4], "l2", [0.6, 0.8]),
        ("linf, integers", [3, -4], "linf", [1, -1]),
    ]
    answers = [student.steepest(np.array(grad), norm) for _, grad, norm, _ in cases]
    for (kind, _, _, want), got in zip(cases, answers, strict=True):
        check.close(got, want, atol=1e-12, where=f"steepest, {kind}", look=CONTRACT)
        check.dtype(got, np.float64, where=f"steepest, {kind}", look=CONTRACT)


def with_its_argument(lesson, norm):
    """Return the gradient after a call, and whether the answer is another array."""
    import numpy as np

    grad = np.array([3.0, -4.0])
    u = lesson.steepest(grad, norm)
    return grad.tolist(), not np.shares_memory(grad, u)


@pytest.mark.task("steepest")
def test_steepest_leaves_the_gradient_alone(student):
    for norm in NORMS:
        after = student.run(with_its_argument, norm=norm)
        where = f"steepest, {norm}: the gradient afterwards, and is u a new array"
        check.equal(after, ([3.0, -4.0], True), where=where, look=CONTRACT)


@pytest.mark.task("steepest")
def test_steepest_refuses(student):
    for kind, grad, norm in (
        ("a zero gradient", [0.0, 0.0], "l2"),
        ("a zero gradient, linf", [0.0, 0.0], "linf"),
        ("a NaN", [math.nan, 1.0], "linf"),
        ("an infinity", [math.inf, 1.0], "l1"),
        ("an unknown norm", [1.0, 1.0], "l7"),
    ):
        where = f"steepest with {kind}"
        check.raises(
            ValueError,
            student.steepest,
            np.array(grad),
            norm,
            where=where,
            look=CONTRACT,
        )


# --- Dual, sin, exp, log ------------------------------------------------------------


def products(lesson, value, tangent):
    """Return value and tangent of some expressions in one Dual."""
    x = lesson.Dual(value, tangent)
    return {
        what: (y.value, y.tangent)
        for what, y in (
            ("x * x", x * x),
            ("1 + 2 * x", 1 + 2 * x),
            ("x * x / (1 + x)", x * x / (1 + x)),
            ("x ** 3", x**3),
            ("2 ** x", 2**x),
            ("-x", -x),
            ("x - x * x", x - x * x),
            ("5 - x", 5 - x),
            ("x - 0.5", x - 0.5),
            ("6 / x", 6 / x),
            ("x ** 0.5", x**0.5),
            ("x ** x", x**x),
            ("sin(x)", lesson.sin(x)),
            ("exp(-x)", lesson.exp(-x)),
            ("log(x)", lesson.log(x)),
            ("x, after all that", x),
        )
    }


@pytest.mark.task("Dual")
def test_dual(student):
    wants = {
        "x * x": (9, 6),
        "1 + 2 * x": (7, 2),
        "x * x / (1 + x)": (2.25, 0.9375),
        "x ** 3": (27, 27),
        "2 ** x": (8, 8 * math.log(2)),
        "-x": (-3, -1),
        "x - x * x": (-6, -5),
        "5 - x": (2, -1),
        "x - 0.5": (2.5, 1),
        "6 / x": (2, -2 / 3),
        "x ** 0.5": (math.sqrt(3), 0.5 / math.sqrt(3)),
        "x ** x": (27, 27 * (1 + math.log(3))),
        "sin(x)": (math.sin(3), math.cos(3)),
        "exp(-x)": (math.exp(-3), -math.exp(-3)),
        "log(x)": (math.log(3), 1 / 3),
        "x, after all that": (3, 1),
    }
    moving = student.run(products, value=3.0, tangent=1.0)
    faster = student.run(products, value=3.0, tangent=-2.0)
    for what, (value, slope) in wants.items():
        where = f"Dual(3, 1), {what}: value and tangent"
        check.close(moving[what], (value, slope), rtol=1e-12, where=where, look=STEP_5)
    for what, (value, slope) in wants.items():
        where, want = f"Dual(3, -2), {what}: value and tangent", (value, -2 * slope)
        check.close(faster[what], want, rtol=1e-12, where=where, look=STEP_5)


def odd_powers(lesson):
    """Return powers whose base is negative or zero, and sums of one Dual."""
    Dual = lesson.Dual
    x = Dual(4.0, 1.0)
    first = x + 1
    answers = {
        "Dual(-2, 1) ** 3": Dual(-2.0, 1.0) ** 3,
        "Dual(-2, 1) ** Dual(2)": Dual(-2.0, 1.0) ** Dual(2.0),
        "Dual(0, 1) ** 0": Dual(0.0, 1.0) ** 0,
        "Dual(0, 1) ** 2": Dual(0.0, 1.0) ** 2,
        "Dual(4), without a tangent": Dual(4),
        "x + 1, and x + x after it": x + x,
        "x + 1, after x + x": first,
    }
    return {what: (y.value, y.tangent) for what, y in answers.items()}


@pytest.mark.task("Dual")
def test_dual_powers_and_sums(student):
    got = student.run(odd_powers)
    for what, want in {
        "Dual(-2, 1) ** 3": (-8, 12),
        "Dual(-2, 1) ** Dual(2)": (4, -4),
        "Dual(0, 1) ** 0": (1, 0),
        "Dual(0, 1) ** 2": (0, 0),
        "Dual(4), without a tangent": (4, 0),
        "x + 1, and x + x after it": (8, 2),
        "x + 1, after x + x": (5, 1),
    }.items():
        where = f"{what}: value and tangent"
        check.close(got[what], want, rtol=1e-12, where=where, look=CONTRACT)


def plain_and_refused(lesson):
    """Return functions of plain numbers, and what is raised where there is no value."""
    plain = [lesson.sin(1), lesson.exp(0.5), lesson.log(2.0)]
    kinds = [type(value).__name__ for value in plain]
    raised = []
    for call in (
        lambda: lesson.log(0.0),
        lambda: lesson.log(lesson.Dual(-1.0, 1.0)),
        lambda: lesson.Dual(-2.0, 1.0) ** lesson.Dual(2.0, 1.0),
    ):
        try:
            call()
            raised.append("nothing")
        except Exception as error:
            raised.append(type(error).__name__)
    return kinds, [float(v) if isinstance(v, float) else None for v in plain], raised


@pytest.mark.task("Dual")
def test_functions_of_plain_numbers(student):
    kinds, values, raised = student.run(plain_and_refused)
    where = "sin(1), exp(0.5), log(2.0)"
    check.equal(kinds, ["float"] * 3, where=f"{where}: their types", look=CONTRACT)
    want = [math.sin(1), math.exp(0.5), math.log(2)]
    check.close(values, want, rtol=1e-14, where=where, look=CONTRACT)
    where = "log(0.0), log of Dual(-1, 1), Dual(-2, 1) ** Dual(2, 1): what is raised"
    check.equal(raised, ["ValueError"] * 3, where=where, look=CONTRACT)


# --- jvp ----------------------------------------------------------------------------


def one_call(lesson, x, v):
    """Return what jvp gives for x^2 + y^2 + z, and how f was called."""
    calls = []

    def f(x):
        calls.append((len(x), len(list(x))))
        return x[0] ** 2 + x[1] ** 2 + x[2]

    return lesson.jvp(f, x, v), calls


@pytest.mark.task("jvp")
def test_jvp(student):
    got, calls = student.run(one_call, x=[1.0, 2.0, 3.0], v=[3.0, 4.0, -1.0])
    whole, _ = student.run(one_call, x=np.array([1, 2, 3]), v=[3, 4, -1])

    where = "jvp, x^2 + y^2 + z at (1, 2, 3) along (3, 4, -1)"
    check.close(got, [8.0, 21.0], rtol=1e-12, where=where, look=STEP_5)
    check.equal(calls, [(3, 3)], where=f"{where}: lengths, one call", look=STEP_5)
    where = f"{where}, x an array of ints"
    check.equal(whole, (8.0, 21.0), where=where, look=CONTRACT)


def flat(lesson):
    """Return jvp of a constant function."""
    return lesson.jvp(lambda x: 5.0, [1.0, 2.0], [3.0, 4.0])


@pytest.mark.task("jvp")
def test_jvp_of_a_constant(student):
    got = student.run(flat)
    where = "jvp where f returns a number"
    check.equal(got, (5.0, 0.0), where=where, look=CONTRACT)


@pytest.mark.task("jvp")
def test_jvp_refuses(student):
    first = lambda x: x[0]  # noqa: E731
    for x, v in (([1.0], [1.0, 2.0]), ([1.0, 2.0], [1.0])):
        where = f"jvp, x has length {len(x)} and v {len(v)}"
        check.raises(ValueError, student.jvp, first, x, v, where=where, look=CONTRACT)


# --- gradcheck ----------------------------------------------------------------------


def hills(x):
    """Return 100 sin(x) + y^3 / 50."""
    return 100.0 * math.sin(float(x[0])) + float(x[1]) ** 3 / 50


def hills_slope(x):
    return np.array([100.0 * math.cos(float(x[0])), 3 * float(x[1]) ** 2 / 50])


PLACE = np.array([0.7, 0.5])  # the slopes are 76 and 0.015


@pytest.mark.task("gradcheck")
def test_gradcheck(student):
    right = student.gradcheck(bowl, lambda x: 2 * x, POINT)
    wrong = student.gradcheck(bowl, lambda x: 2 * x + np.array([0.0, 1.0]), POINT)
    tight = student.gradcheck(hills, hills_slope, PLACE, 1e-8, 1e-9)

    where = "gradcheck, a right gradient"
    check.equal(right.ok, True, where=f"{where}: ok", look=STEP_6)
    check.equal(list(right.kinks), [], where=f"{where}: kinks", look=STEP_6)
    where = "gradcheck, the second coordinate is 5 instead of 4"
    check.equal(wrong.ok, False, where=f"{where}: ok", look=STEP_6)
    check.equal(wrong.worst_index, 1, where=f"{where}: worst_index", look=STEP_6)
    check.close(wrong.abs_err, 1.0, atol=1e-6, where=f"{where}: abs_err", look=STEP_6)
    check.close(wrong.rel_err, 0.2, atol=1e-6, where=f"{where}: rel_err", look=STEP_6)
    where = "gradcheck, a right gradient, rtol=1e-8: ok"
    check.equal(tight.ok, True, where=where, look=STEP_6)


@pytest.mark.task("gradcheck")
def test_gradcheck_rejects(student):
    for kind, factor in (
        ("both signs flipped", [-1, -1]),
        ("the first coordinate 1 % too low", [0.99, 1]),
        ("the second coordinate 1 % too low", [1, 0.99]),
        ("the second coordinate 1 % too high", [1, 1.01]),
        ("the first coordinate 0.002 % too high", [1.00002, 1]),
        ("all zero", [0, 0]),
    ):
        g = lambda x, k=factor: hills_slope(x) * np.array(k)  # noqa: E731
        report = student.gradcheck(hills, g, PLACE)
        where = f"gradcheck of slopes 76 and 0.015, {kind}: ok"
        check.equal(report.ok, False, where=where, look=STEP_6)


@pytest.mark.task("gradcheck")
def test_gradcheck_allowances(student):
    """Squares at (40, 1, 0): with rtol 1e-2 and atol 1e-3 about 0.8, 0.02 and 0.001."""
    squares = lambda x: float(np.sum(np.asarray(x, dtype=float) ** 2))  # noqa: E731
    x = np.array([40.0, -1.0, 0.0])
    cases = (
        # shift of g, ok, worst_index, abs_err, rel_err
        ([0.7, -0.0205, 0.0005], True, 1, 0.0205, 0.0205 / 2.0205),
        ([0.7, 0.03, 0.0], False, 1, 0.03, 0.03 / 2),
        ([-0.9, 0.0, 0.0], False, 0, 0.9, 0.9 / 80),
        ([0.5, 0.0, 0.0], True, 0, 0.5, 0.5 / 80.5),
        ([0.0, 0.0, -0.002], False, 2, 0.002, 1.0),
    )
    answers = [
        student.gradcheck(
            squares, lambda x, s=shift: 2 * x + np.array(s), x, 1e-2, 1e-3
        )
        for shift, *_ in cases
    ]
    for (shift, ok, worst, error, relative), got in zip(cases, answers, strict=True):
        where = (
            f"gradcheck, rtol=1e-2, atol=1e-3, slopes 80, -2, 0, g is off by {shift}"
        )
        check.equal(got.ok, ok, where=f"{where}: ok", look=STEP_6)
        check.equal(got.worst_index, worst, where=f"{where}: worst_index", look=STEP_6)
        check.close(
            got.abs_err, error, atol=1e-6, where=f"{where}: abs_err", look=CONTRACT
        )
        check.close(
            got.rel_err, relative, atol=1e-5, where=f"{where}: rel_err", look=CONTRACT
        )


def roof(x):
    """Return |x| + y^2 - max(z, 0) / 20: kinks at x = 0 and, a faint one, at z = 0."""
    return abs(float(x[0])) + float(x[1]) ** 2 - max(float(x[2]), 0.0) / 20


@pytest.mark.task("gradcheck")
def test_gradcheck_kinks(student):
    middle = lambda x: np.array([0.0, 2 * float(x[1]), -0.025])  # noqa: E731
    both = student.gradcheck(roof, middle, np.array([0.0, 1.0, 0.0]))
    beside = student.gradcheck(
        roof, lambda x: np.array([1.0, 2.0, 0.0]), np.array([0.5, 1.0, -0.5])
    )
    valley = lambda x: 3000.0 * float(x[0]) ** 2  # noqa: E731
    curved = student.gradcheck(valley, lambda x: 6000.0 * x, np.array([0.0]))

    where = "gradcheck, kinks at x and z, g is the mean of both sides"
    check.equal(list(both.kinks), [0, 2], where=f"{where}: kinks", look=STEP_6)
    check.equal(both.ok, False, where=f"{where}: ok", look=STEP_6)
    for kind, report in (
        ("half a unit beside kinks", beside),
        ("3000 x^2 at 0", curved),
    ):
        where = f"gradcheck, {kind}"
        check.equal(list(report.kinks), [], where=f"{where}: kinks", look=STEP_6)
        check.equal(report.ok, True, where=f"{where}: ok", look=STEP_6)


@pytest.mark.task("gradcheck")
def test_gradcheck_far_from_zero(student):
    wave = lambda x: 3e7 + math.cos(float(x[0]))  # noqa: E731
    smooth = student.gradcheck(wave, lambda x: -np.sin(x), np.array([0.4]))
    bent = lambda x: 2000.0 + abs(float(x[0])) / 500  # noqa: E731
    kink = student.gradcheck(bent, lambda x: np.zeros(1), np.zeros(1))

    where = "gradcheck, 3e7 + cos(x): rounding makes no kink"
    check.equal(list(smooth.kinks), [], where=where, look=CONTRACT)
    where = "gradcheck, 2000 + |x| / 500 at 0: kinks"
    check.equal(list(kink.kinks), [0], where=where, look=CONTRACT)


@pytest.mark.task("gradcheck")
def test_gradcheck_nan(student):
    half = lambda x: float(x[0]) if float(x[1]) >= 1.0 else math.nan  # noqa: E731
    reports = {
        "g is NaN": student.gradcheck(bowl, lambda x: [50.0, math.nan], POINT),
        "g is infinite": student.gradcheck(bowl, lambda x: [50.0, math.inf], POINT),
        "f is NaN": student.gradcheck(half, lambda x: [1.0, 0.0], np.ones(2)),
    }
    for kind, report in reports.items():
        got = (report.ok, report.worst_index, report.abs_err, report.rel_err)
        where = f"gradcheck, {kind} in the second coordinate: the report"
        check.equal(got, (False, 1, math.inf, math.inf), where=where, look=CONTRACT)


@pytest.mark.task("gradcheck")
def test_gradcheck_flat_and_calls(student):
    f, g = check.counted(lambda x: 5.0), check.counted(lambda x: np.zeros(2))
    flat = student.gradcheck(f, g, POINT)

    where = "gradcheck of a constant f"
    got = (flat.ok, flat.worst_index, flat.abs_err, flat.rel_err)
    check.equal(got, (True, 0, 0.0, 0.0), where=where, look=CONTRACT)
    check.equal(g.calls, 1, where=f"{where}: calls of g", look=CONTRACT)
    check.at_most(f.calls, 48, where=f"{where}, n = 2: calls of f", look=CONTRACT)


def overwriting(lesson):
    """Check a gradient whose f and g overwrite what they are given."""
    import numpy as np

    def f(p):
        value = float(p[0]) ** 2
        p[:] = 99.0
        return value

    def g(p):
        slope = np.array([2 * float(p[0])])
        p[:] = 99.0
        return slope

    x = np.array([3.0])
    return lesson.gradcheck(f, g, x), x.tolist()


@pytest.mark.task("gradcheck")
def test_gradcheck_leaves_x_alone(student):
    report, after = student.run(overwriting)
    where = "gradcheck where f and g overwrite their argument: ok, and x afterwards"
    check.equal((report.ok, after), (True, [3.0]), where=where, look=CONTRACT)


@pytest.mark.task("gradcheck")
def test_gradcheck_refuses(student):
    for kind, g in (
        ("one number", lambda x: 2.0),
        ("three numbers", lambda x: np.full(3, 2.0)),
    ):
        where = f"gradcheck of two coordinates where g returns {kind}"
        check.raises(
            ValueError, student.gradcheck, bowl, g, POINT, where=where, look=CONTRACT
        )
