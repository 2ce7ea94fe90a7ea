"""Public tests of lesson 07: the shape of each contract, on friendly inputs.

The hidden tests ask the same questions of awkward inputs: read the docstrings.
"""

import numpy as np
import pytest

from autograder.student.testing import check


def bits_of(*numbers):
    """Return the float32 bit patterns of numbers."""
    return np.array(numbers, dtype=np.float32).view(np.uint32)


@pytest.mark.task("f16_bits_to_f32")
def test_f16_bits_to_f32(student):
    bits = np.array([0x0000, 0x8000, 0x3C00, 0xC000, 0x0001, 0x7C00], dtype=np.uint16)
    got = student.f16_bits_to_f32(bits)

    where, look = "f16_bits_to_f32 of 0, -0, 1, -2, 2**-24 and inf", "Chapter, step 1."
    check.dtype(got, np.uint32, where=where, look=look)
    want = bits_of(0.0, -0.0, 1.0, -2.0, 2.0**-24, np.inf)
    check.equal(got.tolist(), want.tolist(), where=where, look=look)


@pytest.mark.task("f32_to_f16_bits")
def test_f32_to_f16_bits(student):
    got = student.f32_to_f16_bits(bits_of(1.0, -2.5, 0.1, 2049.0, 1e6, 2.0**-24))

    where = "f32_to_f16_bits of 1, -2.5, 0.1, 2049, 1e6 and 2**-24"
    look = "Chapter, step 2."
    check.dtype(got, np.uint16, where=where, look=look)
    want = [0x3C00, 0xC100, 0x2E66, 0x6800, 0x7C00, 0x0001]
    check.equal(got.tolist(), want, where=where, look=look)


@pytest.mark.task("f32_to_bf16_bits")
def test_f32_to_bf16_bits(student):
    got = student.f32_to_bf16_bits(bits_of(1.0, -2.5, 0.1, 257.0, np.inf))

    where, look = "f32_to_bf16_bits of 1, -2.5, 0.1, 257 and inf", "Chapter, step 2."
    check.dtype(got, np.uint16, where=where, look=look)
    want = [0x3F80, 0xC020, 0x3DCD, 0x4380, 0x7F80]
    check.equal(got.tolist(), want, where=where, look=look)


@pytest.mark.task("accumulate")
def test_accumulate(student):
    sums = {
        (dtype, how): student.accumulate([0.01] * 1000, dtype, how)
        for dtype, how in (
            ("float16", "naive"),
            ("float16", "kahan"),
            ("float16", "fp32"),
            ("float32", "naive"),
            ("bfloat16", "naive"),
            ("bfloat16", "pairwise"),
        )
    }

    wants = (9.953125, 10.0, 10.002137, 10.000134, 4.0, 10.0)
    for (kind, got), want in zip(sums.items(), wants, strict=True):
        where = f"accumulate, 1000 times 0.01, {' '.join(kind)}"
        check.close(got, want, atol=1e-6, where=where, look="Chapter, step 3.")


@pytest.mark.task("underflow_report")
def test_underflow_report(student):
    grads = [np.array([0.0, 1e-8, -1e-6, 0.5], dtype=np.float32)]
    plain = student.underflow_report(grads)
    scaled = student.underflow_report(grads, 2.0**17)

    look = "Chapter, step 4."
    for kind, got, want in (
        ("scale 1", plain, [1, 1, 1, 1, 0]),
        ("scale 2**17", scaled, [1, 0, 0, 2, 1]),
    ):
        found = [got.zero, got.zeroed, got.subnormal, got.normal, got.inf]
        where = f"underflow_report of 0, 1e-8, -1e-6 and 0.5, {kind}"
        check.equal(found, want, where=where, look=look)


@pytest.mark.task("best_scale")
def test_best_scale(student):
    got = student.best_scale([np.array([1e-7, -3e-4], dtype=np.float32)])
    none = student.best_scale([np.zeros(3, dtype=np.float32)])

    where = "best_scale, the largest gradient is 3e-4"
    check.equal(got, 2.0**27, where=where, look="Chapter, step 4.")
    check.equal(none, 1.0, where="best_scale, all zero", look="The docstring.")


def golden(lesson, grads):
    """Run a scaler over the chapter's ten iterations."""
    import numpy as np

    weight = lesson.Parameter(np.ones(1, dtype=np.float32))
    sgd = lesson.SGD([weight], 0.125)
    scaler = lesson.LossScaler(init=8.0, interval=3)
    states = []
    for value in grads:
        loss = scaler.scale(float(value))
        weight.grad = np.array([loss], dtype=np.float32)
        scaler.step(sgd)
        scaler.update()
        states.append((scaler.get_scale(), scaler.get_tracker()))
    return states, float(weight.value[0])


@pytest.mark.task("LossScaler")
def test_loss_scaler(student):
    grads = [1.0, 1.0, 1.0, np.inf, 1.0, 1.0, np.nan, 1.0, 1.0, 1.0]
    states, weight = student.run(golden, grads=grads)

    where, look = "LossScaler(init=8, interval=3), ten iterations", "Chapter, step 5."
    want = [(8, 1), (8, 2), (16, 0), (8, 0), (8, 1)]
    want += [(8, 2), (4, 0), (4, 1), (4, 2), (8, 0)]
    check.equal(states, want, where=f"{where}: (scale, tracker)", look=look)
    where = f"{where}: the weight after 8 steps of 1/8"
    check.close(weight, 0.0, where=where, look=look)


def one_step(lesson):
    """Take one step on (w * batch)**2 / 2 in two parts; note what backward is given."""
    import numpy as np

    seen = []

    def backward(weights, batch, number):
        seen.append((str(weights[0].dtype), float(number)))
        y = weights[0] * np.float16(batch)
        return float(y[0]) ** 2 / 2, [np.float16(number) * y * np.float16(batch)]

    weight = lesson.Parameter(np.ones(1, dtype=np.float32))
    sgd = lesson.SGD([weight], 0.5)
    scaler = lesson.LossScaler(init=1024.0)
    loss = lesson.mp_train_step([weight], [1.0, 0.5], backward, scaler, sgd)
    return seen, float(loss), float(weight.value[0]), str(weight.value.dtype)


@pytest.mark.task("mp_train_step")
def test_mp_train_step(student):
    seen, loss, weight, dtype = student.run(one_step)

    where, look = "mp_train_step, two batches, scale 1024", "Chapter, step 6."
    given = f"{where}: the dtype and the number that backward is given"
    check.equal(seen, [("float16", 512.0)] * 2, where=given, look=look)
    check.close(loss, 0.3125, where=f"{where}: mean loss", look=look)
    check.close(weight, 0.6875, where=f"{where}: weight after the step", look=look)
    check.equal(dtype, "float32", where=f"{where}: dtype of the weight", look=look)


@pytest.mark.task("autocast_policy")
def test_autocast_policy(student):
    for op, dtypes, want in (
        ("linear", ("float32", "float32"), "float16"),
        ("softmax", ("float16",), "float32"),
        ("relu", ("float16",), "float16"),
        ("add", ("float16", "float32"), "float32"),
    ):
        got = student.autocast_policy(op, *dtypes)
        where = f"autocast_policy, {op} of {' and '.join(dtypes)}"
        check.equal(got, want, where=where, look="Chapter, step 7.")


@pytest.mark.task("memory_model")
def test_memory_model(student):
    look = "Chapter, step 7."
    for recipe, want in (
        ("float32", [40, 0, 40, 80, 400, 560]),
        ("mixed", [20, 40, 20, 80, 200, 360]),
    ):
        got = student.memory_model(10, 100, recipe)
        where = f"memory_model, 10 weights, 100 activations, {recipe}, adam"
        keys = ("weights", "master", "gradients", "optimizer", "activations", "total")
        check.equal(got, dict(zip(keys, want, strict=True)), where=where, look=look)


def three_ways(lesson):
    """Fit w = 2**-10 where every gradient is too small for float16."""
    import numpy as np

    def backward(weights, batch, number):
        w = weights[0]
        error = w - w.dtype.type(batch)
        return float(error[0]) ** 2 / 2, [error * w.dtype.type(number / 2**16)]

    start = [np.zeros(1, dtype=np.float32)]
    runs = {}
    for recipe in ("float32", "float16", "mixed"):
        run = lesson.train(recipe, start, backward, [2.0**-10] * 30, 2.0**15)
        final = run.weights[0]
        share = float(final[0]) * 2.0**10
        runs[recipe] = share, str(final.dtype), len(run.losses), run.skipped
    return runs


@pytest.mark.task("train")
def test_train(student):
    got = student.run(three_ways)

    look = "Chapter, step 8."
    for recipe, low, high, dtype in (
        ("float32", 0.99, 1.01, "float32"),
        ("float16", 0.0, 0.0, "float16"),
        ("mixed", 0.99, 1.01, "float32"),
    ):
        where = f"train, {recipe}, gradients below 2**-25"
        share, kind, losses, skipped = got[recipe]
        evidence = f"it ends after {share:.4g} of the way, not {low:g} to {high:g}"
        inside = bool(low <= share <= high)
        check.true(inside, where=where, evidence=evidence, look=look)
        check.equal(kind, dtype, where=f"{where}: dtype of the weight", look=look)
        check.equal((losses, skipped), (30, 0), where=f"{where}: steps", look=look)
