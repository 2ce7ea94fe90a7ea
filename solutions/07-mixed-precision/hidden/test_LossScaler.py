"""Hidden tests of `LossScaler`."""

import json
from pathlib import Path

import numpy as np
import pytest
from hidden.common import CONTRACT, INF, NAN, STEP_5

from autograder.student.testing import check

# --- LossScaler ---------------------------------------------------------------------

TRACES = json.loads(
    (Path(__file__).parents[1] / "scaler_traces.json").read_text(encoding="utf-8")
)


def drive(lesson, options, script, alike=True):
    """Play a script of commands with the submission's scaler; note every answer."""
    import numpy as np

    class Weight:
        def __init__(self):
            self.value, self.grad = np.zeros(1, dtype=np.float32), None

    class Optimizer:
        def __init__(self):
            self.params, self.steps = [Weight(), Weight()], 0

        def __eq__(self, other):
            return alike or self is other  # known by identity alone

        def __hash__(self):
            return 1 if alike else id(self)

        def step(self, closure=None):
            self.steps += 1
            return self.steps

    scaler = lesson.LossScaler(**options)
    optimizers = [Optimizer(), Optimizer()]

    def fill(name, k, grads):
        factor = np.float32(scaler.get_scale() if name == "backward" else 1)
        for i, (p, grad) in enumerate(zip(optimizers[k].params, grads, strict=True)):
            kind = np.float16 if name == "half" and i == 1 else np.float32
            p.grad = None if grad is None else np.array(grad, dtype=kind) * kind(factor)

    def perform(name, *rest):
        if name == "scale":
            return float(scaler.scale(float(rest[0])))
        if name in ("grads", "backward", "half"):
            return fill(name, *rest)
        if name == "unscale":
            return scaler.unscale(optimizers[rest[0]])
        if name == "step":
            return scaler.step(optimizers[rest[0]])
        if name == "closure":
            return scaler.step(optimizers[rest[0]], closure=None)
        return scaler.update(*rest)

    answers = []
    for command in script:
        try:
            result = perform(*command)
        except NotImplementedError:
            raise
        except Exception as error:
            kinds = (AssertionError, RuntimeError, ValueError)
            known = [k.__name__ for k in kinds if isinstance(error, k)]
            result = (known or [type(error).__name__])[0]
        if result is not None and not isinstance(result, (str, int, float)):
            result = f"a {type(result).__name__}"
        grads = [
            [
                None if p.grad is None else p.grad.astype(float).tolist()
                for p in o.params
            ]
            for o in optimizers
        ]
        state = [float(scaler.get_scale()), int(scaler.get_tracker())]
        answers.append([result, *state, [o.steps for o in optimizers], grads])
    return answers


PARTS = ("what it returned or raised", "the scale", "the tracker", "steps", "gradients")


def judge_trace(got, want, kind, script):
    """Compare two traces, command by command."""
    check.equal(len(got), len(want), where=f"LossScaler, {kind}: answers")
    for n, (mine, right, (name, *_)) in enumerate(zip(got, want, script, strict=True)):
        for part, a, b in zip(PARTS, mine, right, strict=True):
            where = f"LossScaler, {kind}: {part} after command {n + 1}, {name}"
            check.equal(a, b, where=where, look=STEP_5)


def traces(student, *, random, errors):
    """Play the recorded scripts of one sort, then judge them."""
    wanted = [
        trace
        for trace in TRACES
        if trace["kind"].startswith("commands") == random
        and (random or errors == names_errors(trace))
    ]
    answers = [
        student.run(
            drive, options=trace["options"], script=trace["script"], alike=not random
        )
        for trace in wanted
    ]
    for trace, got in zip(wanted, answers, strict=True):
        judge_trace(got, trace["answers"], trace["kind"], trace["script"])


def names_errors(trace):
    """Tell whether something was raised in a trace."""
    return any(isinstance(answer[0], str) for answer in trace["answers"])


@pytest.mark.task("LossScaler", weight=4)
def test_scale_over_iterations(student):
    traces(student, random=False, errors=False)


@pytest.mark.task("LossScaler", weight=4)
def test_commands_out_of_order(student):
    traces(student, random=False, errors=True)


@pytest.mark.task("LossScaler", weight=2)
def test_commands_at_random(student):
    traces(student, random=True, errors=True)


@pytest.mark.task("LossScaler", weight=2)
def test_long_runs(student, reference, rng):
    runs = []
    for interval in (1, 4, 7):
        script = [["scale", 1.0]]
        for bad in rng.random(60) < 0.2:
            grad = rng.choice([INF, -INF, NAN]) if bad else rng.normal()
            k = int(rng.integers(2))
            pair = [[float(grad), 1.0], [0.5]] if rng.random() < 0.5 else [None, [grad]]
            script += [["backward", k, [g and [*map(float, g)] for g in pair]]]
            script += [["unscale", k]] * int(rng.integers(2)) + [["step", k]]
            script += [["update"]]
        options = {"init": 2.0 ** int(rng.integers(-3, 20)), "interval": interval}
        if interval == 4:
            options |= {"growth": 1.5, "backoff": 0.75}
        runs.append((options, script))
    answers = [student.run(drive, options=o, script=s) for o, s in runs]

    for (options, script), got in zip(runs, answers, strict=True):
        want = drive(reference, options, script)
        kind = f"60 iterations, interval {options['interval']}"
        judge_trace(got, want, kind, script)


def scaled_things(lesson):
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
        "an int": 2,
        "a NumPy float32": np.float32(0.25),
        "a NumPy float64": np.float64(0.1),
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
    answers = {what: kind(scaler.scale(thing)) for what, thing in things.items()}
    answers["an array, changed in place"] = bool((array != kept).any())
    fresh = scaler.scale(array)
    fresh[:] = 0
    answers["an array, shared"] = bool((array != kept).any())
    for what, thing in {
        "a str": "loss",
        "None": None,
        "None in a list": [1.0, None],
        "a str in a tuple": ("1.0",),
    }.items():
        try:
            answers[what] = kind(scaler.scale(thing))
        except ValueError:
            answers[what] = "ValueError"
    return before, answers


@pytest.mark.task("LossScaler", weight=2)
def test_what_can_be_scaled(student):
    before, answers = student.run(scaled_things)

    array = [[3.0, -6.0], [INF, 1.5]]
    tenth = float(np.float32(0.1) * np.float32(3))
    want = {
        "a float": ("float", 1.5),
        "an int": ("float", 6.0),
        "a NumPy float32": ("float", 0.75),
        "a NumPy float64": ("float", tenth),
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
    }
    where = "LossScaler(init=3): scale and tracker before anything was scaled"
    check.equal(before, [3.0, 0], where=where, look=CONTRACT)
    for what, right in want.items():
        where = f"LossScaler(init=3).scale, {what}"
        check.equal(answers[what], right, where=where, look=CONTRACT)


def defaults_and_details(lesson):
    """Read the defaults, refuse odd factors, pass arguments on, unscale in place."""
    import numpy as np

    class Weight:
        def __init__(self, grad):
            self.value, self.grad = np.zeros(1, dtype=np.float32), grad

    class Optimizer:
        def __init__(self, *grads):
            self.params, self.given = [Weight(g) for g in grads], []

        def step(self, *args, **kwargs):
            seen = [None if p.grad is None else p.grad.tolist() for p in self.params]
            self.given.append((list(args), dict(kwargs), seen))
            return "done"

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
    grad = np.array([[65536.0, 3.0]], dtype=np.float32)
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
    trackers = []
    for _ in range(2000):
        sgd.params[1].grad = np.ones(1, dtype=np.float32)
        scaler.step(sgd)
        scaler.update()
        trackers.append((scaler.get_scale(), scaler.get_tracker()))
    found["default interval"] = trackers[-2:]
    positional = lesson.LossScaler(2.0, 8.0, 0.25, 1)
    positional.scale([np.zeros(2, dtype=np.float32)])
    for value in (1.0, np.inf):
        sgd.params[1].grad = np.full(1, value, dtype=np.float32)
        positional.step(sgd)
        positional.update()
        found[f"positional, {value}"] = positional.get_scale()
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
    found = student.run(defaults_and_details)

    seen = [[[3.0 / 65536]], [[1.0]]]
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
        "in place": ([[1.0, 3.0 / 65536]], True),
        "skipped": (None, 1),
        "default backoff": 32768.0,
        "default interval": [(32768.0, 1999), (65536.0, 0)],
        "positional, 1.0": 16.0,
        "positional, inf": 4.0,
        "only an empty list was scaled": "AssertionError",
        "types": ("float", "int"),
        "no parameters": "AssertionError",
    }
    for what, right in want.items():
        where = f"LossScaler: {what}"
        check.equal(found[what], right, where=where, look=CONTRACT)
