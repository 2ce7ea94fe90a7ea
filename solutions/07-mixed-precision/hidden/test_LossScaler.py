"""Hidden tests of `LossScaler`: scripts of commands, and what each of them does.

Core are the scale over iterations, two optimizers, and the stages that `unscale`,
`step` and `update` lead through: there only effects are judged, with gradients for all
weights. What is raised and returned, None among the gradients, the ends of float32,
new scales and what else torch does (scaler_traces.json) are not. More than 400 lines:
scripts and what they do stand together.
"""

import json

import numpy as np
import pytest
from hidden.answers import CONTRACT, INF, NAN
from hidden.scripts import (
    TRACES,
    at_random,
    effects,
    gradients,
    judge_trace,
    loss_scaler,
    names_errors,
    right_answers,
    torch_traces,
)

from autograder.student.testing import check

FINE = gradients()
BAD = (
    gradients((0, 0, INF)),
    gradients((1, 0, NAN)),
    gradients((1, 1, INF)),
    gradients((0, 0, NAN)),
    gradients((1, 0, INF)),
    gradients((1, 1, NAN)),
)


def iterations(marks, first=0):
    """Write one iteration for each mark: "." is clean, "x" has an inf or a NaN."""
    script, n = [], first
    for mark in marks:
        grads = FINE if mark == "." else BAD[n % len(BAD)]
        n += mark != "."
        script += [["scale", 1.5], ["backward", 0, grads], ["step", 0], ["update"]]
    return script


@pytest.mark.task("LossScaler", weight=3, core=True)
def test_scale_over_iterations(student, reference):
    cases = {
        "ten iterations, an inf and a NaN among them": (
            {"init": 8.0, "interval": 3},
            iterations("...x..x..."),
        ),
        "an inf just before the scale would grow": (
            {"init": 8.0, "interval": 3},
            iterations("..x...x..x..."),
        ),
        "other factors": (
            {"init": 64.0, "growth": 4.0, "backoff": 0.125, "interval": 2},
            iterations("..x....x.", 3),
        ),
        "interval 1: every clean iteration grows": (
            {"init": 4.0, "growth": 4.0, "backoff": 0.25, "interval": 1},
            iterations("..x.xx..", 4),
        ),
        "nothing but clean iterations": (
            {"init": 2.0, "interval": 4},
            iterations("." * 13),
        ),
    }
    effects(student, reference, cases)


def pair(first, second, before=()):
    """Write an iteration in which two optimizers step, some unscaled before."""
    return [
        ["scale", 1.0],
        *(["backward", 0, first], ["backward", 1, second]),
        *(["unscale", k] for k in before),
        *(["step", 0], ["step", 1], ["update"]),
    ]


@pytest.mark.task("LossScaler", weight=3, core=True)
def test_two_optimizers(student, reference):
    other = gradients((0, 0, 5.0))
    cases = {
        "two optimizers, both clean": (
            {"init": 16.0, "interval": 3},
            pair(FINE, other) * 4,
        ),
        "two optimizers, an inf in the first": (
            {"init": 16.0, "interval": 2},
            pair(FINE, other) + pair(BAD[0], other) + pair(FINE, other) * 3,
        ),
        "two optimizers, a NaN in the second": (
            {"init": 16.0, "interval": 2},
            pair(FINE, other) + pair(other, BAD[1]) + pair(FINE, other) * 3,
        ),
        "two optimizers, unscaled in turn": (
            {"init": 16.0, "interval": 2},
            pair(FINE, BAD[2], (1, 0)) + pair(BAD[3], FINE, (0,)) + pair(FINE, other),
        ),
        "two optimizers, an inf in both": (
            {"init": 16.0, "interval": 2},
            pair(BAD[0], BAD[2], (0, 1)) + pair(FINE, other),
        ),
    }
    effects(student, reference, cases)


@pytest.mark.task("LossScaler", weight=3, core=True)
def test_stages(student, reference):
    begun = [["scale", 1.0], ["backward", 0, FINE]]
    ended = [["update"], *begun, ["step", 0], ["update"]]
    cases = {
        "unscale, look at the gradients, step": [["unscale", 0], ["step", 0], *ended],
        "unscale, clip, step": [
            ["unscale", 0],
            ["grads", 0, [[0.5], [1.0, -1.5]]],
            *(["step", 0], *ended),
        ],
        "step without unscale": [["step", 0], *ended],
        "unscale an inf, then step": [
            ["backward", 0, BAD[2]],
            *(["unscale", 0], ["step", 0], *ended),
        ],
        "unscale called twice": [["unscale", 0], ["unscale", 0], ["step", 0], *ended],
        "step called twice": [["step", 0], ["step", 0], *ended],
        "unscale called after step": [["step", 0], ["unscale", 0], *ended],
        "update called before any gradient was looked at": [["update"]],
        "update called twice": [["step", 0], ["update"], *ended],
    }
    options = {"init": 8.0, "interval": 1}
    effects(
        student,
        reference,
        {kind: (options, begun + script) for kind, script in cases.items()},
    )


@pytest.mark.task("LossScaler", weight=2)
def test_traces_of_torch(student):
    torch_traces(student, [t for t in TRACES if not (at_random(t) or names_errors(t))])


@pytest.mark.task("LossScaler", weight=2)
def test_commands_out_of_order(student):
    torch_traces(student, [t for t in TRACES if names_errors(t) and not at_random(t)])


@pytest.mark.task("LossScaler", weight=1)
def test_commands_at_random(student):
    torch_traces(student, [t for t in TRACES if at_random(t)], alike=False)


@pytest.mark.task("LossScaler", weight=1)
def test_long_runs(student, reference, rng):
    runs = []
    for interval in (1, 4, 7):
        script = [["scale", 1.0]]
        for bad in rng.random(40) < 0.2:
            grad = rng.choice([INF, -INF, NAN]) if bad else rng.normal()
            k = int(rng.integers(2))
            grads = [[float(grad), 1.0], [0.5]]
            if rng.random() < 0.5:
                grads = [None, [float(grad)]]
            script += [["backward", k, grads]]
            script += [["unscale", k]] * int(rng.integers(2)) + [["step", k]]
            script += [["update"]]
        options = {"init": 2.0 ** int(rng.integers(-3, 20)), "interval": interval}
        if interval == 4:
            options |= {"growth": 1.5, "backoff": 0.75}
        runs.append((options, script))
    answers = [student.run(loss_scaler, options=o, script=s) for o, s in runs]

    for (options, script), got in zip(runs, answers, strict=True):
        want = right_answers(reference, json.dumps([options, script, True]))
        kind = f"40 iterations, interval {options['interval']}"
        judge_trace(got, want, kind, script)


def scale(lesson):
    """Scale outputs of every kind."""
    import numpy as np

    def kind(value):
        if isinstance(value, (list, tuple)):
            return type(value).__name__, [kind(item) for item in value]
        if isinstance(value, np.ndarray):
            return f"array of {value.dtype}", value.tolist()
        if isinstance(value, float):
            return "float", float(value)
        return type(value).__name__, None

    scaler = lesson.LossScaler(init=3.0)
    before = [scaler.get_scale(), scaler.get_tracker()]
    array = np.array([[1.0, -2.0], [np.inf, 0.5]], dtype=np.float32)
    kept = array.copy()
    things = {
        "a float": 0.5,
        "an int": 2**24 + 1,
        "a NumPy float32": np.float32(0.25),
        "a NumPy float64": np.float64(0.1),
        "a NumPy float16": np.float16(60000.0),
        "a NumPy uint8": np.uint8(200),
        "a NumPy int64": np.int64(2**24 + 1),
        "a float that float32 rounds": 0.1,
        "a product past float32": 3e38,
        "an infinity": -np.inf,
        "an array": array,
        "an empty array": array[:0],
        "a list": [1.0, array],
        "a tuple": (1.0, 2.0),
        "a nested list": [1.0, (2.0, [array[0]])],
        "an empty list": [],
    }
    answers = {}

    def ask(cases):
        for what, thing in cases.items():
            try:
                answers[what] = kind(scaler.scale(thing))
            except (ValueError, TypeError, AttributeError) as error:
                answers[what] = type(error).__name__

    ask(things)
    answers["an array, changed in place"] = bool((array != kept).any())
    fresh = scaler.scale(array)
    fresh[:] = 0
    lesson.LossScaler(init=1.0).scale(array)[:] = 0
    answers["an array, shared"] = bool((array != kept).any())
    odd = {
        "a str": "loss",
        "None": None,
        "None in a list": [1.0, None],
        "a str in a tuple": ("1.0",),
        "bytes": b"1",
        "a set": {1.0},
        "a dict in a list": [{1.0: 2.0}],
        "an array of float64": array.astype(np.float64),
        "an array of float16": array.astype(np.float16),
        "an array of integers in a list": [np.ones(2, dtype=np.int32)],
    }
    ask(odd)
    return before, answers


@pytest.mark.task("LossScaler", weight=2)
def test_what_can_be_scaled(student):
    before, answers = student.run(scale)

    array = [[3.0, -6.0], [INF, 1.5]]
    tenth = float(np.float32(0.1) * np.float32(3))
    want = {
        "a float": ("float", 1.5),
        "an int": ("float", 3 * 2.0**24),
        "a NumPy float32": ("float", 0.75),
        "a NumPy float64": ("float", tenth),
        "a NumPy float16": ("float", 180000.0),
        "a NumPy uint8": ("float", 600.0),
        "a NumPy int64": ("float", 3 * 2.0**24),
        "a float that float32 rounds": ("float", tenth),
        "a product past float32": ("float", INF),
        "an infinity": ("float", -INF),
        "an array": ("array of float32", array),
        "an empty array": ("array of float32", []),
        "a list": ("list", [("float", 3.0), ("array of float32", array)]),
        "a tuple": ("tuple", [("float", 3.0), ("float", 6.0)]),
        "a nested list": (
            "list",
            [
                ("float", 3.0),
                (
                    "tuple",
                    [("float", 6.0), ("list", [("array of float32", array[0])])],
                ),
            ],
        ),
        "an empty list": ("list", []),
        "an array, changed in place": False,
        "an array, shared": False,
        "a str": "ValueError",
        "None": "ValueError",
        "None in a list": "ValueError",
        "a str in a tuple": "ValueError",
        "bytes": "ValueError",
        "a set": "ValueError",
        "a dict in a list": "ValueError",
        "an array of float64": "ValueError",
        "an array of float16": "ValueError",
        "an array of integers in a list": "ValueError",
    }
    where = "LossScaler(init=3): scale and tracker before anything was scaled"
    check.equal(before, [3.0, 0], where=where, look=CONTRACT)
    for what, right in want.items():
        where = f"LossScaler(init=3).scale, {what}"
        check.equal(answers[what], right, where=where, look=CONTRACT)


def loss_scaler_details(lesson):
    """Read the defaults, refuse odd factors, pass arguments on, unscale in place."""
    import numpy as np

    class Weight:
        def __init__(self, grad):
            self.value, self.grad = np.zeros(1, dtype=np.float32), grad

    class Optimizer:
        def __init__(self, *grads):
            self.params, self.given = [Weight(g) for g in grads], []
            self.answer = "done"

        def step(self, *args, **kwargs):
            seen = [None if p.grad is None else p.grad.tolist() for p in self.params]
            names = [getattr(a, "__name__", a) for a in args]
            self.given.append((names, dict(kwargs), seen))
            return self.answer

    found = {}
    for what, options in {
        "growth=1": {"growth": 1.0},
        "growth=0.5": {"growth": 0.5},
        "backoff=1": {"backoff": 1.0},
        "backoff=2": {"backoff": 2.0},
        "growth=1.001, backoff=0.999": {"growth": 1.001, "backoff": 0.999},
        "backoff=0": {"backoff": 0.0},
    }.items():
        try:
            lesson.LossScaler(**options)
            found[what] = "accepted"
        except AssertionError:
            found[what] = "AssertionError"
    scaler = lesson.LossScaler()
    found["default scale"] = scaler.scale(1.0)
    grad = np.array([[65536.0, 3.0, 6.0], [65536.0, 9.0, 12.0]], dtype=np.float32)
    view = grad[:, 1:]
    sgd = Optimizer(view, grad[:, :1])
    found["result"] = scaler.step(sgd, 1, "two", three=3)
    found["given"] = list(sgd.given)
    found["in place"] = grad.tolist(), sgd.params[0].grad is view
    scaler.update()
    sgd.params[0].grad = np.array([np.nan], dtype=np.float32)
    found["skipped"] = scaler.step(sgd, 1), len(sgd.given)
    scaler.update()
    found["default backoff"] = scaler.get_scale()
    sgd.params[0].grad = None
    sgd.params[1].grad = np.zeros(1, dtype=np.float32)
    found["default interval"], given = [], sgd.given
    for iteration in range(2000):
        sgd.given = []
        scaler.step(sgd)
        scaler.update()
        if iteration >= 1998:
            state = scaler.get_scale(), scaler.get_tracker()
            found["default interval"].append(state)
    positional = lesson.LossScaler(2.0, 8.0, 0.25, 1)
    positional.scale([np.zeros(2, dtype=np.float32)])
    for value in (1.0, np.inf):
        sgd.params[1].grad = np.full(1, value, dtype=np.float32)
        positional.step(sgd)
        positional.update()
        found[f"positional, {value}"] = positional.get_scale()
    top = lesson.LossScaler(2.0**126, 4.0, interval=1)
    top.scale(1.0)
    sgd.params[1].grad = np.zeros(1, dtype=np.float32)
    top.step(sgd)
    top.update()
    found["growth past the largest float32"] = top.get_scale(), top.get_tracker()
    early = lesson.LossScaler(init=2.0)
    early.scale([])
    try:
        early.update(4.0)
        found["only an empty list was scaled"] = "accepted"
    except AssertionError:
        found["only an empty list was scaled"] = "AssertionError"
    found["types"] = (
        type(early.get_scale()).__name__,
        type(early.get_tracker()).__name__,
    )
    things = {"0": 0, "an empty array": np.zeros(0, np.float32)}
    things["a NumPy number"] = np.float32(0)
    for what, thing in things.items():
        scaler = lesson.LossScaler(init=8.0)
        scaler.scale(thing)
        odd = Optimizer(
            np.array(8.0, dtype=np.float32), *np.full((2, 1), 8.0, np.float32)
        )
        odd.answer = 0
        found[f"only {what} was scaled"] = scaler.step(odd, max, four=None), odd.given
        scaler.update()
    scaler = lesson.LossScaler(init=8.0)
    scaler.scale(1.0)
    scaler.step(Optimizer(np.zeros(0, dtype=np.float32)))
    scaler.update()
    found["an empty gradient"] = scaler.get_tracker()
    large = Optimizer(np.full(2, np.finfo(np.float32).max))
    scaler.step(large)
    scaler.update()
    found["gradients whose sum overflows"] = len(large.given), scaler.get_tracker()
    three = [Optimizer(np.full(1, x, dtype=np.float32)) for x in (1.0, 1.0, np.inf)]
    for optimizer in three:
        scaler.step(optimizer)
    scaler.update()
    found["an inf in the third of three optimizers"] = scaler.get_scale()
    many = Optimizer(*np.array([[1.0], [1.0], [np.inf]], dtype=np.float32))
    scaler.step(many)
    scaler.update()
    found["an inf in the third of three gradients"] = scaler.get_scale(), many.given
    for what, closure in (("a function", max), ("0", 0)):
        try:
            scaler.step(many, closure=closure)
            found[f"{what} as closure"] = "accepted"
        except RuntimeError:
            found[f"{what} as closure"] = "RuntimeError"
    try:
        scaler.unscale(Optimizer(np.zeros(0, np.float16), np.ones(1, np.float32)))
        found["no elements of float16"] = "accepted"
    except ValueError:
        found["no elements of float16"] = "ValueError"
    shared, one, two = Optimizer(), lesson.LossScaler(4.0), lesson.LossScaler(8.0)
    shared.params.append(Weight(np.array([32.0], dtype=np.float32)))
    for scaler in (one, two):
        scaler.scale(1.0)
        scaler.unscale(shared)
    found["two scalers, one optimizer"] = shared.params[0].grad.tolist()
    nothing = Optimizer()
    early.scale(1.0)
    try:
        early.step(nothing)
        found["no parameters"] = "accepted"
    except AssertionError:
        found["no parameters"] = "AssertionError"
    return found


@pytest.mark.task("LossScaler", weight=2)
def test_details_of_the_scaler(student):
    found = student.run(loss_scaler_details)

    unscaled = [[1.0, 3.0 / 65536, 6.0 / 65536], [1.0, 9.0 / 65536, 12.0 / 65536]]
    seen = [[row[1:] for row in unscaled], [[1.0], [1.0]]]
    passed = (0, [(["max"], {"four": None}, [1.0, [1.0], [1.0]])])
    want = {
        "growth=1": "AssertionError",
        "growth=0.5": "AssertionError",
        "backoff=1": "AssertionError",
        "backoff=2": "AssertionError",
        "growth=1.001, backoff=0.999": "accepted",
        "backoff=0": "accepted",
        "default scale": 65536.0,
        "result": "done",
        "given": [([1, "two"], {"three": 3}, seen)],
        "in place": (unscaled, True),
        "skipped": (None, 1),
        "default backoff": 32768.0,
        "default interval": [(32768.0, 1999), (65536.0, 0)],
        "positional, 1.0": 16.0,
        "positional, inf": 4.0,
        "growth past the largest float32": (2.0**126, 0),
        "only an empty list was scaled": "AssertionError",
        "types": ("float", "int"),
        "two scalers, one optimizer": [1.0],
        "only 0 was scaled": passed,
        "only an empty array was scaled": passed,
        "only a NumPy number was scaled": passed,
        "an empty gradient": 1,
        "gradients whose sum overflows": (1, 2),
        "an inf in the third of three optimizers": 4.0,
        "an inf in the third of three gradients": (2.0, []),
        "a function as closure": "RuntimeError",
        "0 as closure": "RuntimeError",
        "no elements of float16": "ValueError",
        "no parameters": "AssertionError",
    }
    for what, right in want.items():
        where = f"LossScaler: {what}"
        check.equal(found[what], right, where=where, look=CONTRACT)
