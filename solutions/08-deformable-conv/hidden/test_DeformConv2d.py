"""Hidden tests of `DeformConv2d`: a scenario plays a layer, its numbers are judged."""

import numpy as np
import pytest
from hidden.truth import TIGHT, convolution

from autograder.student.testing import check

NAME = "DeformConv2d"
LOOK = "Chapter, step 6."
BOTH = "Chapter, step 6: x reaches the output through samples and through offsets."


def played(lesson, sizes, options, rounds):
    """Make a layer; for each (values, x, dy) set parameters, run forward, backward."""
    layer = lesson.DeformConv2d(*sizes, **options)
    first = {name: array.copy() for name, array in layer.parameters().items()}
    found = []
    for values, x, dy in rounds:
        for name, value in values.items():
            layer.parameters()[name][...] = value
        y = layer.forward(x)
        one = {"y": y} if dy is None else {"y": y, "dx": layer.backward(dy)}
        if dy is not None:
            one["grads"] = {name: array.copy() for name, array in layer.grads().items()}
        found.append(one)
    return {"first": first, "rounds": found}


def twice(lesson, sizes, own, x, dys):
    """Run one forward pass and several backward ones; return what the last gives.

    Another layer runs between all of them.
    """
    layer, other = lesson.DeformConv2d(*sizes), lesson.DeformConv2d(*sizes, seed=1)
    for name, value in own.items():
        layer.parameters()[name][...] = value
    layer.forward(x)
    for dy in dys:
        other.forward(1 - x)
        dx = layer.backward(dy)
        other.backward(2 * dy)
    return {"dx": dx, "grads": dict(layer.grads())}


def apart(lesson, sizes, seeds):
    """Return the weight and bias that each seed makes; None: no seed is given."""
    found = []
    for seed in seeds:
        layer = lesson.DeformConv2d(*sizes, **({} if seed is None else {"seed": seed}))
        found.append([layer.parameters()["weight"], layer.parameters()["bias"]])
    return found


def more(lesson, xs, view, dy):
    """Ask a few things that no round of `played` asks."""
    layer = lesson.DeformConv2d(2, 3, 2, seed=1)
    first = layer.forward(xs[0])
    layer.backward(dy)
    before = {name: array.copy() for name, array in layer.grads().items()}
    lesson.DeformConv2d(2, 3, (1, 3), (1, 2), 1, 2, seed=2)
    again = layer.forward(xs[0])
    rest = [layer.forward(x) for x in xs[1:]]
    last = {name: array.copy() for name, array in layer.grads().items()}
    own = {name: array.copy() for name, array in layer.parameters().items()}
    none = layer.backward(dy[:0]).shape, dict(layer.grads())
    return {
        "none": none,
        "first": first,
        "again": again,
        "rest": rest,
        "dy": dy,
        "before": before,
        "last": last,
        "own": own,
        "view": layer.forward(view),
    }


def owned(lesson, x):
    """Empty the dict of parameters, then ask the layer what it still does."""
    layer = lesson.DeformConv2d(2, 3, 2)
    before = layer.forward(x)
    layer.parameters().clear()
    return [before, layer.forward(x), len(layer.parameters())]


def spread(sizes, **options):
    """Return the full options of a layer."""
    names = ("stride", "padding", "dilation", "groups", "bias")
    defaults = dict(zip(names, (1, 0, 1, 1, True), strict=True)) | {"offset_groups": 1}
    for name, value in zip(names, sizes[3:], strict=False):
        defaults[name] = value
    return defaults | options


def truth(sizes, options, own, x, dy=None):
    """Return y, and with dy (dx, gradients by name)."""
    full = spread(sizes, **options)
    moves = {key: full[key] for key in ("stride", "padding", "dilation")}
    kernel = own["weight"].shape[2:]
    pairs = [(a, a) if isinstance(a, int) else a for a in moves.values()]
    out = tuple(
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(x.shape[2:], kernel, *pairs, strict=True)
    )
    still = np.zeros((len(x), 2 * kernel[0] * kernel[1], *out))
    branch = x, still, own["offset_weight"], own["offset_bias"]
    offset = convolution(*branch, **moves)[1]
    y = convolution(x, offset, own["weight"], own.get("bias"), **moves)[1]
    if dy is None:
        return y
    dx, doffset, *rest = convolution(x, offset, own["weight"], dy=dy, **moves)[2]
    more, _, *branch = convolution(*branch[:3], dy=doffset, **moves)[2]
    names = ("weight", "bias", "offset_weight", "offset_bias")
    grads = dict(zip(names, rest + branch, strict=True))
    return y, dx + more, {name: grads[name] for name in own}


def shapes(sizes, **options):
    """Return the shape of each parameter."""
    full = spread(sizes, **options)
    kh, kw = (sizes[2],) * 2 if isinstance(sizes[2], int) else sizes[2]
    found = {"weight": (sizes[1], sizes[0] // full["groups"], kh, kw)}
    if full["bias"]:
        found["bias"] = (sizes[1],)
    outputs = 2 * full["offset_groups"] * kh * kw
    found["offset_weight"] = (outputs, sizes[0], kh, kw)
    return found | {"offset_bias": (outputs,)}


def run(
    student, rng, kind, sizes, sides, look=LOOK, moved=True, backward=True, **options
):
    """Play one layer with parameters of the judge's and compare all that it says."""
    rounds = []
    for batch in (2, 1):
        named = shapes(sizes, **options).items()
        own = {name: rng.normal(0.2, 0.6, shape) for name, shape in named}
        x = rng.normal(0.5, 1.0, (batch, sizes[0], *sides))
        y = truth(sizes, options, own, x)
        rounds.append((own, x, rng.normal(0.3, 1.0, y.shape) if backward else None))
    found = student.run(played, sizes=sizes, options=options, rounds=rounds)
    for (own, x, dy), got in zip(rounds, found["rounds"], strict=True):
        where = f"DeformConv2d, {kind}"
        want = truth(sizes, options, own, x, dy)
        y, dx, grads = want if backward else (want, None, {})
        near(got["y"], y, f"{where}: forward", look)
        if backward:
            compare_grads(got, dx, grads, where, look)


def compare_grads(got, dx, grads, where, look):
    near(got["dx"], dx, f"{where}: backward", look)
    same = set(got["grads"]) == set(grads)
    missing = ", ".join(sorted(set(grads) - set(got["grads"])))
    others = check.show([name for name in got["grads"] if name not in grads])
    evidence = f"missing: {missing}" if missing else f"of no parameter: {others}"
    check.true(same, where=f"{where}: grads", evidence=evidence, look=look)
    for name, right in grads.items():
        near(got["grads"][name], right, f"{where}: gradient by {name}", look)


def near(got, want, where, look):
    size = max(1.0, float(abs(want).max(initial=0.0)))
    check.close(
        got, want, atol=10 * TIGHT * size, where=where, look=look, dtype="float64"
    )


@pytest.mark.task("DeformConv2d", weight=2, core=True)
def test_new_layer_is_an_ordinary_convolution(student, rng):
    for sizes in ((3, 4, 3), (2, 5, (2, 3), 1, 1)):
        x = rng.normal(size=(2, sizes[0], 6, 7))
        found = student.run(played, sizes=sizes, options={}, rounds=[({}, x, None)])
        first, where = found["first"], f"DeformConv2d{sizes}, untouched"
        for name, shape in shapes(sizes).items():
            held = first.get(name)
            evidence = f"{name} is missing or no float64 array of shape {shape}"
            fine = isinstance(held, np.ndarray) and held.dtype == np.float64
            fine = fine and held.shape == shape
            check.true(fine, where=f"{where}: parameters", evidence=evidence, look=LOOK)
            if name.startswith("offset"):
                at = f"{where}: {name}"
                check.close(held, np.zeros(shape), where=at, look=LOOK)
        uneven = first["weight"].std() > 0.1 / np.sqrt(first["weight"][0].size)
        evidence = "all weights are nearly equal"
        check.true(uneven, where=f"{where}: weight", evidence=evidence, look=LOOK)
        want = truth(sizes, {}, first, x)
        near(found["rounds"][0]["y"], want, f"{where}: forward", LOOK)


@pytest.mark.task("DeformConv2d", weight=2, core=True)
def test_layer_makes_its_offsets(student, rng):
    run(student, rng, "3 channels, 3 x 3", (3, 4, 3), (6, 7), backward=False)
    sizes = (2, 3, (2, 3), (2, 1), (1, 2), (1, 2))
    run(student, rng, "pairs for all options", sizes, (7, 8), backward=False)


@pytest.mark.task("DeformConv2d", weight=3, core=True)
def test_layer_gives_gradients(student, rng):
    run(student, rng, "2 channels, 2 x 3", (2, 3, (2, 3)), (5, 6), BOTH)
    run(student, rng, "stride 2, padding 1", (2, 2, 3, 2, 1), (7, 6), BOTH)


@pytest.mark.task("DeformConv2d", core=True)
def test_layer_with_groups(student, rng):
    run(student, rng, "2 groups", (4, 6, 2, 1, 0, 1, 2), (5, 5))
    run(student, rng, "2 offset groups", (4, 3, 2), (5, 4), offset_groups=2)
    run(student, rng, "both", (4, 4, 2, 1, 0, 1, 2), (5, 4), offset_groups=2)


@pytest.mark.task("DeformConv2d")
def test_layer_without_bias_and_with_names(student, rng):
    look = "The contract: with bias=False there is no `bias`."
    run(student, rng, "bias=False", (2, 3, 2), (4, 5), look, bias=False)
    options = {"stride": 2, "padding": (0, 1), "dilation": 2, "groups": 2}
    run(student, rng, "options by name", (2, 4, 2), (6, 7), **options)
    run(student, rng, "bias in its place", (2, 3, 2, 1, 0, 1, 1, False), (4, 5), look)


@pytest.mark.task("DeformConv2d")
def test_layer_begins_with_small_random_numbers(student):
    look = "The contract: uniform between -r and r; the same seed makes the same."
    sizes = (8, 40, 3, 1, 0, 1, 2)
    same, again, other, plain, zero = student.run(
        apart, sizes=sizes, seeds=[3, 3, 4, None, 0]
    )
    where, bound = "DeformConv2d(8, 40, 3, groups=2)", 1 / 6
    for k, name in enumerate(("weight", "bias")):
        at = f"{where}: {name}"
        check.close(again[k], same[k], where=f"{at} of the same seed", look=look)
        at_zero = f"{at} without a seed, which is 0"
        check.close(plain[k], zero[k], where=at_zero, look=look)
        differ = bool((other[k] != same[k]).all())
        check.true(differ, where=f"{at}, seeds 3 and 4", evidence="not other numbers",
                   look=look)  # fmt: skip
        for held in (same[k], plain[k]):
            largest = float(abs(held).max())
            evidence = f"the largest is {largest:.3f}, r is {bound:.3f}"
            check.true(largest <= bound, where=at, evidence=evidence, look=look)
            few = held.size < 50
            wide = largest > (0.7 if few else 0.98) * bound
            check.true(wide, where=at, evidence=evidence, look=look)
            both = float(held.min()) < -0.5 * bound and float(held.max()) > 0.5 * bound
            check.true(both, where=at, evidence="numbers of one sign", look=look)
            apart_ = len(np.unique(abs(held))) == held.size
            check.true(apart_, where=at, evidence="numbers that repeat", look=look)
    for kernel in ((1, 7), (7, 1)):
        ((weight, bias),) = student.run(apart, sizes=(4, 400, kernel), seeds=[3])
        for name, held in (("weight", weight), ("bias", bias)):
            largest = float(abs(held).max()) * 28**0.5
            evidence = f"the largest is {largest:.3f} r"
            fine = 0.9 < largest <= 1
            check.true(
                fine,
                where=f"DeformConv2d(4, 400, {kernel}): {name}",
                evidence=evidence,
                look=look,
            )
    shared = bool(np.isin(abs(same[1]), abs(same[0])).any())
    evidence = "numbers of the weight again"
    check.true(not shared, where=f"{where}: bias", evidence=evidence, look=look)
    wide = same[0].ravel()
    middle = float((abs(wide) < bound / 2).mean())
    evidence = f"{middle:.2f} of the weights are below r / 2 in size"
    check.true(
        0.4 < middle < 0.6, where=f"{where}: weight", evidence=evidence, look=look
    )


@pytest.mark.task("DeformConv2d")
def test_layer_gives_the_gradients_of_the_last_pass(student, rng):
    sizes = (2, 3, 2)
    own = {name: rng.normal(0.2, 0.6, shape) for name, shape in shapes(sizes).items()}
    own["offset_weight"][...] = 0.0  # offset_bias alone makes the offsets
    x = rng.normal(0.5, 1.0, (1, 2, 4, 5))
    dys = rng.normal(0.3, 1.0, (2, *truth(sizes, {}, own, x).shape))
    _, dx, grads = truth(sizes, {}, own, x, dys[1])
    got = student.run(
        twice, sizes=sizes, own=own, x=x, dys=list(map(np.asfortranarray, dys))
    )
    where = "DeformConv2d, two backward passes after one forward"
    compare_grads(got, dx, grads, where, "The contract: of the last backward pass.")


@pytest.mark.task("DeformConv2d")
def test_layer_once_more(student, rng):
    xs = [
        rng.normal(size=shape) for shape in ((1, 2, 4, 4), (2, 2, 5, 7), (0, 2, 4, 4))
    ]
    view = np.ascontiguousarray(xs[0].T).T
    got = student.run(more, xs=xs, view=view, dy=np.ones((1, 3, 3, 3)))
    where = "DeformConv2d"
    check.close(
        got["again"], got["first"], where=f"{where}, another layer made in between"
    )
    check.unchanged(got["dy"], np.ones((1, 3, 3, 3)), where=f"{where}: dy")
    for x, y in zip(xs[1:], got["rest"], strict=True):
        near(
            y,
            truth((2, 3, 2), {}, got["own"], x),
            f"{where}, other sides, then an empty batch",
            LOOK,
        )
    near(got["view"], got["first"], f"{where} of a view", LOOK)
    check.true(
        got["last"].keys() == got["before"].keys(),
        where=f"{where}: grads after a forward pass",
        evidence="other names than before it",
    )
    shape, none = got["none"]
    check.equal(tuple(shape), (0, 2, 4, 4), where=f"{where}, an empty batch: dx")
    for name in shapes((2, 3, 2)):  # names of ours: any other would be quoted
        right = got["before"][name]
        check.close(
            got["last"][name], right, where=f"{where}: {name} after a forward pass"
        )
        at = f"{where}, an empty batch: gradient by {name}"
        check.close(none[name], 0 * right, where=at, look=LOOK)


@pytest.mark.task("DeformConv2d")
def test_layer_keeps_its_parameters(student, rng):
    x = rng.normal(size=(1, 2, 4, 4))
    before, after, count = student.run(owned, x=x)
    where = "DeformConv2d, the dict of parameters emptied"
    check.close(after, before, where=where, look="The contract: a new dict each time.")
    check.equal(count, 4, where=f"{where}: parameters", look="The contract.")
