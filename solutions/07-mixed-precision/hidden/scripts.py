"""Scripts of commands for a `LossScaler`, how they are played and judged.

The commands are those of scaler_traces.py; the traces in scaler_traces.json are what
torch answered to them.
"""

import functools
import json
import math
from itertools import chain, compress
from pathlib import Path

from hidden.answers import STEP_5

from autograder.student.testing import check

TRACES = json.loads(
    (Path(__file__).parents[1] / "scaler_traces.json").read_text(encoding="utf-8")
)


def loss_scaler(lesson, options, script, alike=True):
    """Play a script of commands with a scaler; return every answer, as JSON.

    An answer is [result, scale, tracker, steps of both optimizers, gradients of both],
    where result is a number, None, or the name of the exception that was raised.
    """
    import json

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
    return json.dumps(answers)


@functools.lru_cache(maxsize=64)
def right_answers(reference, text):
    """Play a script with the reference; text: options, script and alike, as JSON."""
    return loss_scaler(reference, *json.loads(text))


PARTS = ("what it returned or raised", "the scale", "the tracker", "steps", "gradients")


def judge_trace(got, want, kind, script, effects=False):
    """Compare two traces, command by command.

    Args:
        got: the answers, as JSON.
        want: the right ones, as JSON.
        kind: what the script shows.
        script: the commands.
        effects: whether only what commands do is judged, and not what they return or
            raise (but for `scale`, which does nothing else), nor the gradients of an
            optimizer that must leave its step out.
    """
    if got == want:
        return
    check.equal(isinstance(got, str), True, where=f"LossScaler, {kind}: answers")
    mine, right = json.loads(got), json.loads(want)
    check.equal(len(mine), len(right), where=f"LossScaler, {kind}: answers")
    for n, (name, *_) in enumerate(script):
        for part, a, b in zip(PARTS, mine[n], right[n], strict=True):
            if effects and part == PARTS[0] and name != "scale":
                continue
            if effects and part == PARTS[-1]:
                a, b = finite_only(a, b)
            where = f"LossScaler, {kind}: {part} after command {n + 1}, {name}"
            check.equal(a, b, where=where, look=STEP_5)


def finite_only(got, want):
    """Leave out the gradients of optimizers that have an inf or a NaN."""
    finite = [all(map(math.isfinite, chain(*filter(None, grads)))) for grads in want]
    return list(compress(got, finite)), list(compress(want, finite))


def torch_traces(student, wanted, alike=True):
    """Play recorded scripts, then judge them."""
    answers = [
        student.run(
            loss_scaler,
            options=trace["options"],
            script=trace["script"],
            alike=alike,
        )
        for trace in wanted
    ]
    for trace, got in zip(wanted, answers, strict=True):
        want = json.dumps(trace["answers"])
        judge_trace(got, want, trace["kind"], trace["script"])


def at_random(trace):
    """Tell whether the commands of a trace were drawn at random."""
    return trace["kind"].startswith("commands")


def names_errors(trace):
    """Tell whether something was raised in a trace."""
    return any(isinstance(answer[0], str) for answer in trace["answers"])


def effects(student, reference, cases):
    """Play scripts and compare what they do with the reference.

    cases: kind -> (options, script).
    """
    answers = {
        kind: student.run(loss_scaler, options=options, script=script, alike=False)
        for kind, (options, script) in cases.items()
    }
    for kind, (options, script) in cases.items():
        want = right_answers(reference, json.dumps([options, script, False]))
        judge_trace(answers[kind], want, kind, script, effects=True)


def gradients(*bad):
    """Return gradients of two weights; bad: (weight, place, value)."""
    grads = [[1.0], [2.0, -3.0]]
    for weight, place, value in bad:
        grads[weight][place] = value
    return grads
