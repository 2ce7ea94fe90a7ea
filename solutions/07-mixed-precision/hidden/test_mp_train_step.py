"""Hidden tests of `mp_train_step`: steps with a backward pass that is dictated.

The scenario `mp_train_step` brings a scaler and an optimizer of its own, which keep a
log, so that a mistake in `LossScaler` costs marks once. Core are master weights, small
gradients, several batches, clipping, and steps left out. Weights that a batch does not
use, limits of clipping, losses that are not finite and refusals are not. More than 400
lines: the scenario that all tests share takes a third.
"""

import numpy as np
import pytest
from hidden.answers import CONTRACT, INF, NAN, STEP_6, number, python_float

from autograder.student.testing import check


def mp_train_step(
    lesson, values, steps, init=1024.0, clip=None, lr=1.0, left=None, half_losses=False
):
    """Take steps with a backward pass that is dictated, batch by batch.

    A batch is (loss, gradients), each the true gradient of its loss, in float64: what
    backward returns is that times the number it is given, cast to float16.
    """
    import numpy as np

    log = []

    class BackwardFails(Exception):
        pass

    class Weight:
        def __init__(self, value):
            self.value, self.grad = np.array(value, dtype=np.float32), None

    def shown(p):
        return None if p.grad is None else (str(p.grad.dtype), p.grad.tolist())

    class Optimizer:
        def __init__(self, params):
            self.params = params

        def step(self):
            log.append(("stepped", [shown(p) for p in self.params]))
            for p in self.params:
                if p.grad is not None:
                    p.value = p.value - np.float32(lr) * p.grad

    class Scaler:
        """The rules that matter here, with a log."""

        def __init__(self):
            self.now, self.stage, self.bad = np.float32(init), "ready", False
            self.used = False

        def get_scale(self):
            return float(self.now)

        def get_tracker(self):
            return 0

        def scale(self, outputs):
            self.used = True
            if isinstance(outputs, np.ndarray):
                return outputs * self.now
            return float(np.float32(outputs) * self.now)

        def unscale(self, optimizer):
            log.append(("unscale",))
            if not self.used:
                raise AssertionError("unscale() before anything was scaled")
            if self.stage != "ready":
                raise RuntimeError("unscale() twice, or after step()")
            self.stage = "unscaled"
            for p in optimizer.params:
                if p.grad is not None:
                    if p.grad.dtype == np.float16:
                        raise ValueError("attempting to unscale float16 gradients")
                    self.bad |= not np.isfinite(p.grad).all()
                    p.grad *= np.float32(1 / np.float64(self.now))

        def step(self, optimizer):
            if self.stage == "stepped":
                raise RuntimeError("step() twice")
            if self.stage == "ready":
                self.unscale(optimizer)
            log.append(("step",))
            if all(p.grad is None for p in optimizer.params):
                raise AssertionError("no gradients")
            self.stage = "stepped"
            return None if self.bad else optimizer.step()

        def update(self):
            log.append(("update",))
            if self.stage == "ready":
                raise AssertionError("nothing was looked at")
            if self.bad:
                self.now = np.float32(self.now / 2)
            self.stage, self.bad = "ready", False

    given, casts, kinds_given = [], [], []

    def backward(weights, batch, number):
        log.append(("backward",))
        kinds = [str(w.dtype) for w in weights]
        given.append((kinds, [w.tolist() for w in weights], float(number)))
        kinds_given.append((type(weights) is list, isinstance(number, float)))
        casts.append(list(weights))
        if batch == "raise":
            raise BackwardFails
        loss, grads = batch
        if half_losses:
            loss = np.float16(loss)
        return loss, [
            None if g is None else (np.float64(g) * float(number)).astype(np.float16)
            for g in grads
        ]

    params = [Weight(value) for value in values]
    if left is not None:
        for p in params:
            p.grad = np.full_like(p.value, left)
    optimizer, scaler = Optimizer(params), Scaler()
    answers = []
    for batches in steps:
        del log[:], given[:], casts[:]
        options = {} if clip is None else {"clip": clip}
        try:
            loss = lesson.mp_train_step(
                params, batches, backward, scaler, optimizer, **options
            )
        except AssertionError:
            loss = "AssertionError"
        except (ValueError, BackwardFails) as error:
            loss = type(error).__name__ if not len(batches) else f"raised {error}"
        pairs = [p for cast in casts for p in zip(cast, casts[0], strict=True)]
        answers.append(
            {
                "loss": loss,
                "given": list(given),
                "log": list(log),
                "weights": [(str(p.value.dtype), p.value.tolist()) for p in params],
                "grads": [shown(p) for p in params],
                "scale": scaler.get_scale(),
                "scaled": scaler.used,
                "kinds": all(a and b for a, b in kinds_given),
                "one cast": all(np.shares_memory(a, b) for a, b in pairs),
            }
        )
    return answers


def weights_of(answer):
    """Return the weights after a step, flat."""
    return np.concatenate([np.ravel(value) for _, value in answer["weights"]])


def judge_order(answer, batches, where, stepped=True):
    """Check which calls a step made, in which order."""
    calls = [name for name, *_ in answer["log"]]
    want = ["backward"] * batches + ["unscale", "step"]
    want += ["stepped"] * stepped + ["update"]
    check.equal(calls, want, where=f"{where}: the calls it made", look=STEP_6)


@pytest.mark.task("mp_train_step", weight=3, core=True)
def test_master_weights(student):
    start = [[1.0, 1.0003], [[-0.1, 2048.0]]]
    small = (0.5, [[1e-4, -2e-4], [[1e-5, 0.25]]])
    answers = student.run(mp_train_step, values=start, steps=[[small]] * 5)
    odd = student.run(mp_train_step, values=[[0.1]], steps=[[(2.0, [[0.0]])]] * 2)

    master = np.array([1.0, 1.0003, -0.1, 2048.0], dtype=np.float32)
    scaled = np.array([1e-4, -2e-4, 1e-5, 0.25]) * 1024
    update = scaled.astype(np.float16).astype(np.float32) / np.float32(1024)
    for n, answer in enumerate(answers):
        where = f"mp_train_step, updates too small for float16, step {n + 1}"
        (kinds, seen, factor), *more = answer["given"]
        check.equal(len(more), 0, where=f"{where}: further calls of backward")
        got = f"{where}: dtypes of the weights that backward is given"
        check.equal(kinds, ["float16"] * 2, where=got, look=STEP_6)
        got = f"{where}: the weights that backward is given"
        flat = np.concatenate([np.ravel(w) for w in seen])
        check.close(flat, master.astype(np.float16), where=got, look=STEP_6)
        number(factor, 1024.0, f"{where}: the number backward is given", STEP_6)
        judge_order(answer, 1, where)
        master = master - update
        got = f"{where}: the master weights"
        kept = [kind for kind, _ in answer["weights"]]
        check.equal(kept, ["float32"] * 2, where=f"{got}, dtypes", look=STEP_6)
        check.close(weights_of(answer), master, where=got, look=STEP_6)
        number(answer["loss"], 0.5, f"{where}: the loss", STEP_6)
        number(answer["scale"], 1024.0, f"{where}: the scale after it", STEP_6)
    for answer in odd:
        where = "mp_train_step, a zero gradient: the master weight"
        check.equal(
            weights_of(answer).tolist(),
            [float(np.float32(0.1))],
            where=where,
            look=STEP_6,
        )


@pytest.mark.task("mp_train_step", weight=2, core=True)
def test_small_gradients_survive(student):
    tiny = (1.0, [[1e-8, -3e-8]])
    one = student.run(mp_train_step, values=[[0.0, 0.0]], steps=[[tiny]], init=2.0**16)
    parts = student.run(
        mp_train_step, values=[[0.0, 0.0]], steps=[[tiny] * 4], init=2.0**16
    )

    for kind, (answer,) in (("one batch", one), ("four batches", parts)):
        where = f"mp_train_step, gradients below 2**-25, {kind}"
        update = -weights_of(answer)
        check.close(
            update, [1e-8, -3e-8], rtol=1e-2, where=f"{where}: update", look=STEP_6
        )
        judge_order(answer, 1 if kind == "one batch" else 4, where)


@pytest.mark.task("mp_train_step", weight=3, core=True)
def test_batches_add_up(student):
    large = (3.0, [[20.0], [-20.0]])  # times 2048: two of them overflow float16
    big = student.run(
        mp_train_step, values=[[0.0], [0.0]], steps=[[large, large]], init=4096.0
    )
    uneven = [
        (1.0, [[2.0], [8.0]]),
        (2.0, [[2.0**-10], [1.0]]),
        (6.0, [[2.0**-10], [3.0]]),
    ]
    fine = student.run(
        mp_train_step, values=[[0.0], [1.0]], steps=[uneven], init=1.5, left=77.0
    )
    pair = [(1.0, [[6.0]]), (5.0, [[2.0]])]
    cancel = [(0.0, [[x]]) for x in (3.0 * 2**14, 3.0 * 2.0**-15, -3.0 * 2**14)]
    (lost,) = student.run(mp_train_step, values=[[0.0]], steps=[cancel], init=1.0)
    later = student.run(mp_train_step, values=[[0.0]], steps=[pair, pair[::-1]])

    where = "mp_train_step, two batches whose sum overflows float16"
    check.close(weights_of(big[0]), [-20.0, 20.0], where=where, look=STEP_6)
    seen = [factor for _, _, factor in big[0]["given"]]
    got = f"{where}: the numbers backward is given"
    check.equal(seen, [2048.0, 2048.0], where=got, look=STEP_6)
    judge_order(big[0], 2, where)
    where = "mp_train_step, a large gradient and two small ones"
    third = float(np.float32(np.float32(1 / 3) * np.float32(1.5)))
    parts = np.array([[2.0, 8.0], [2.0**-10, 1.0], [2.0**-10, 3.0]]) * third
    total = parts.astype(np.float16).astype(np.float32).sum(axis=0, dtype=np.float32)
    want = [0.0, 1.0] - np.float64(total / np.float32(1.5))
    check.close(weights_of(fine[0]), want, rtol=1e-6, where=where, look=STEP_6)
    number(fine[0]["loss"], 3.0, f"{where}: the mean loss", STEP_6, rtol=1e-12)
    judge_order(fine[0], 3, where)
    where = "mp_train_step, a gradient that is lost beside a large one in float32"
    check.close(weights_of(lost), [0.0], where=where, look=STEP_6)
    for answer, weight in zip(later, (-4.0, -8.0), strict=True):
        where = "mp_train_step, two batches, two steps"
        check.close(weights_of(answer), [weight], where=where, look=STEP_6)
        number(answer["loss"], 3.0, f"{where}: the mean loss", STEP_6)


def clipped(student, cases):
    """Clip gradients 2, -3 and -6, whose norm is 7, then judge.

    cases: kind -> (batches, clip, first scale, factor of the update).
    """
    batch = (1.0, [[2.0, -3.0], [[-6.0]]])
    values = [[0.0, 0.0], [[0.0]]]
    answers = {
        kind: student.run(
            mp_train_step, values=values, steps=[[batch] * n], init=init, clip=clip
        )[0]
        for kind, (n, clip, init, _) in cases.items()
    }
    for kind, (n, _, _, factor) in cases.items():
        where = f"mp_train_step, {kind}"
        want = np.array([-2.0, 3.0, 6.0]) * factor
        got = f"{where}: update"
        check.close(weights_of(answers[kind]), want, rtol=1e-5, where=got, look=STEP_6)
        judge_order(answers[kind], n, where)


@pytest.mark.task("mp_train_step", weight=3, core=True)
def test_clipping(student):
    cases = {
        "norm 7, clip 1": (1, 1.0, 1024.0, 1 / 7),
        "norm 7, clip 6.5": (1, 6.5, 1024.0, 6.5 / 7),
        "norm 7, clip 8": (1, 8.0, 1024.0, 1.0),
        "norm 7, clip 40": (1, 40.0, 256.0, 1.0),
        "norm 7 from two batches, clip 2": (2, 2.0, 512.0, 2 / 7),
        "norm 7 from two batches, clip 5": (2, 5.0, 512.0, 5 / 7),
    }
    clipped(student, cases)


@pytest.mark.task("mp_train_step", weight=3, core=True)
def test_steps_left_out(student):
    fine = (0.5, [[1.0], [2.0]])
    cases = {
        "an infinite gradient": [(0.5, [[1.0], [INF]])],
        "a NaN gradient": [(0.5, [[NAN], [1.0]])],
        "a gradient that overflows by the scale": [(0.5, [[1.0], [-100.0]])],
        "an infinite gradient in the second batch": [fine, (0.5, [[INF], [1.0]])],
        "infinities that cancel": [(0.5, [[INF], [1.0]]), (0.5, [[-INF], [1.0]])],
    }
    answers = {
        kind: student.run(
            mp_train_step, values=[[1.0], [2.0]], steps=[batches, [fine]], init=2048.0
        )
        for kind, batches in cases.items()
    }

    for kind, (skipped, after) in answers.items():
        where = f"mp_train_step, {kind}"
        got = f"{where}: the weights"
        check.close(weights_of(skipped), [1.0, 2.0], where=got, look=STEP_6)
        number(skipped["scale"], 1024.0, f"{where}: the scale after it", STEP_6)
        number(skipped["loss"], 0.5, f"{where}: the mean loss", STEP_6)
        judge_order(skipped, len(cases[kind]), where, stepped=False)
        where = f"mp_train_step, the step after {kind}"
        check.close(weights_of(after), [0.0, 0.0], where=where, look=STEP_6)
        got = f"{where}: the number backward is given"
        number(after["given"][0][2], 1024.0, got, STEP_6)


@pytest.mark.task("mp_train_step", weight=2)
def test_weights_not_used(student):
    lone = [(1.0, [[2.0], None]), (2.0, [[1.0], None]), (6.0, [[3.0], None])]
    unused = student.run(mp_train_step, values=[[0.0], [0.0]], steps=[lone], left=77.0)
    late = [(1.0, [None, [4.0]]), (5.0, [[8.0], [2.0]])]
    mixed = student.run(
        mp_train_step,
        values=[[0.0], [1.0]],
        steps=[late, late[::-1], late[:1], tuple(late)],
        init=2.0,
    )
    clipped = student.run(
        mp_train_step,
        values=[[0.0, 0.0], [0.0], [[0.0]]],
        steps=[[(1.0, [[2.0, -3.0], None, [[-6.0]]])]],
        clip=3.5,
    )

    where = "mp_train_step, a weight that no batch used: its gradient"
    check.equal(unused[0]["grads"][1], None, where=where, look=CONTRACT)
    weights = np.array([0.0, 1.0])
    updates = ([4.0, 3.0], [4.0, 3.0], [0.0, 4.0], [4.0, 3.0])
    losses = (3.0, 3.0, 1.0, 3.0)
    kinds = ("at first", "later", "at all", "at first, a tuple of batches")
    for kind, answer, update, loss in zip(kinds, mixed, updates, losses, strict=True):
        where = f"mp_train_step, a weight that is not used {kind}"
        weights = weights - np.array(update)
        check.close(weights_of(answer), weights, where=where, look=STEP_6)
        number(answer["loss"], loss, f"{where}: the mean loss", STEP_6)
    where = "mp_train_step, a weight that is not used, norm 7, clip 3.5"
    want = [-1.0, 1.5, 0.0, 3.0]
    check.close(weights_of(clipped[0]), want, rtol=1e-5, where=where, look=STEP_6)


@pytest.mark.task("mp_train_step", weight=2)
def test_limits_of_clipping(student):
    cases = {
        "norm 7, clip 7": (1, 7.0, 1024.0, 1.0),
        "norm 7, clip 0": (1, 0, 1024.0, 0.0),
        "norm 7, clip 2**-20": (1, 2.0**-20, 1024.0, 2.0**-20 / 7),
        "norm 7, a scale below 1, clip 1": (1, 1.0, 0.125, 1 / 7),
    }
    batch, huge, nothing, endless = (
        (1.0, [[x * 2.0, x * -3.0], [[x * -6.0]]]) for x in (1.0, 1e25, 0.0, 1.0)
    )
    endless[1][0][0] = INF
    values = [[0.0, 0.0], [[0.0]]]
    (far,) = student.run(
        mp_train_step, values=values, steps=[[huge]], init=2.0**-75, clip=7e24
    )
    (still,) = student.run(mp_train_step, values=values, steps=[[nothing]], clip=1.0)
    (zero,) = student.run(mp_train_step, values=values, steps=[[nothing]], clip=0.0)
    square = (1.0, [[[3.0, 0.0], [0.0, 4.0]]])
    (matrix,) = student.run(
        mp_train_step, values=[np.zeros((2, 2))], steps=[[square]], clip=1.0
    )
    (long,) = student.run(
        mp_train_step, values=[[0.0] * 2500], steps=[[(1.0, [[0.5] * 2500])]], clip=1.0
    )
    bad, after = student.run(
        mp_train_step, values=values, steps=[[endless], [batch]], clip=1.0
    )
    tiny = (1.0, [[2e-6, -3e-6], [[-6e-6]]])
    (short,) = student.run(
        mp_train_step, values=values, steps=[[tiny]], init=2.0**20, clip=1e-6
    )
    clipped(student, cases)

    where = "mp_train_step, norm 7e-6, clip 1e-6"
    want = np.array([-2e-6, 3e-6, 6e-6]) / 7
    check.close(weights_of(short), want, rtol=1e-2, where=where, look=CONTRACT)
    where = "mp_train_step, a norm whose square overflows float32, clip a tenth of it"
    want = np.array([-2e24, 3e24, 6e24])
    check.close(weights_of(far), want, rtol=1e-2, where=where, look=STEP_6)
    where = "mp_train_step, all gradients zero, clip 0"
    check.close(weights_of(zero), np.zeros(3), where=where, look=STEP_6)
    judge_order(zero, 1, where)
    where = "mp_train_step, a gradient of two rows, norm 5, clip 1"
    want = [-0.6, 0.0, 0.0, -0.8]
    check.close(weights_of(matrix), want, rtol=1e-5, where=where, look=STEP_6)
    where = "mp_train_step, 2500 gradients, norm 25, clip 1"
    want = np.full(2500, -0.02)
    check.close(weights_of(long), want, rtol=1e-5, where=where, look=STEP_6)
    where = "mp_train_step, all gradients zero, with clip"
    check.close(weights_of(still), np.zeros(3), where=where, look=STEP_6)
    where = "mp_train_step, an infinite gradient, with clip"
    check.close(weights_of(bad), np.zeros(3), where=where, look=STEP_6)
    number(bad["scale"], 512.0, f"{where}: the scale after it", STEP_6)
    judge_order(bad, 1, where, stepped=False)
    where = "mp_train_step, the step after an infinite gradient, with clip"
    want = [-2 / 7, 3 / 7, 6 / 7]
    check.close(weights_of(after), want, rtol=1e-5, where=where, look=STEP_6)


@pytest.mark.task("mp_train_step", weight=2)
def test_odd_losses_and_refusals(student):
    loud = [(loss, [[1.0], [2.0]]) for loss in (INF, NAN)]
    odd = [
        student.run(mp_train_step, values=[[1.0], [2.0]], steps=[[batch]])[0]
        for batch in loud
    ]
    (loud_half,) = student.run(
        mp_train_step,
        values=[[1.0]],
        steps=[[(60000.0, [[1.0]])] * 2],
        half_losses=True,
    )
    refused, unpaired = student.run(
        mp_train_step, values=[[1.0]], steps=[[], ()], left=5.0
    )
    exact = [(0.1, [[1.0]]), (0.2, [[1.0]]), (0.7, [[1.0]])]
    (mean,) = student.run(mp_train_step, values=[[1.0]], steps=[exact])
    (unused,) = student.run(mp_train_step, values=[[1.0]], steps=[[(1.0, [None])] * 2])
    terms = 3.0 * 2.0**-15, 3.0 * 2**14, -3.0 * 2**14, 2.0**-13
    order = [(0.0, [[x]]) for x in terms]
    (first,) = student.run(mp_train_step, values=[[0.0]], steps=[order], init=1.0)
    (broken,) = student.run(mp_train_step, values=[[1.0003]], steps=[["raise"]])

    for answer, kind in zip(odd, ("infinite", "NaN"), strict=True):
        where = f"mp_train_step, the loss is {kind}, the gradients are finite"
        got = f"{where}: the weights, which do move"
        check.close(weights_of(answer), [0.0, 0.0], where=got, look=STEP_6)
        number(answer["loss"], INF if kind == "infinite" else NAN, where, STEP_6)
        python_float(answer["loss"], f"{where}: the mean loss")
    where = "mp_train_step, two losses of 60000 in float16: the mean loss"
    number(loud_half["loss"], 60000.0, where, CONTRACT)
    where = "mp_train_step: does backward get a list and a Python float"
    check.equal(mean["kinds"], True, where=where, look=CONTRACT)
    where = "mp_train_step, losses 0.1, 0.2 and 0.7"
    number(mean["loss"], 1 / 3, f"{where}: the mean loss", CONTRACT, rtol=1e-12)
    got = f"{where}: are the float16 weights the same arrays for all batches"
    check.equal(mean["one cast"], True, where=got, look=CONTRACT)
    where = "mp_train_step, no batch uses any weight: what is raised"
    check.equal(unused["loss"], "AssertionError", where=where, look=CONTRACT)
    calls = [name for name, *_ in unused["log"]]
    where = "mp_train_step, no batch uses any weight: the calls it made"
    check.equal(
        calls, ["backward"] * 2 + ["unscale", "step"], where=where, look=CONTRACT
    )
    where = "mp_train_step, only the first of four gradients is lost in float32"
    check.close(weights_of(first), [-(2.0**-15)], where=where, look=CONTRACT)
    where = "mp_train_step without batches"
    check.equal(refused["loss"], "ValueError", where=where, look=CONTRACT)
    check.equal(unpaired["loss"], "ValueError", where=f"{where}: ()", look=CONTRACT)
    got = f"{where}: the calls it made"
    check.equal(refused["log"], [], where=got, look=CONTRACT)
    got = f"{where}: was anything scaled"
    check.equal(refused["scaled"], False, where=got, look=CONTRACT)
    got = f"{where}: the gradient left over"
    check.equal(refused["grads"], [("float32", [5.0])], where=got, look=CONTRACT)
    where = "mp_train_step, backward raises: the master weight"
    kept = [("float32", [float(np.float32(1.0003))])]
    check.equal(broken["weights"], kept, where=where, look=CONTRACT)
