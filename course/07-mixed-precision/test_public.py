"""Public tests of lesson 07: every sentence of the contracts, on small examples.

The hidden tests ask the same of other inputs, and of many: read the docstrings. They
also read the source of the first two tasks, which may not use float16; these do not.
"""

import math

import numpy as np
import pytest

from autograder.student.testing import check

CONTRACT = "The contract in the docstring."


def bits_of(*numbers):
    """Return the float32 bit patterns of numbers."""
    return np.array(numbers, dtype=np.float32).view(np.uint32)


def patterns(got, cases, kind, where, look):
    """Check bit patterns one by one: cases are (what, bits, the pattern wanted)."""
    check.dtype(got, kind, where=where, look=look)
    check.shape(got, (len(cases),), where=where, look=look)
    digits = 2 * np.dtype(kind).itemsize
    for (what, _, want), bits in zip(cases, got, strict=True):
        evidence = f"got {int(bits):#0{digits + 2}x}, expected {want:#0{digits + 2}x}"
        good = int(bits) == want
        check.true(good, where=f"{where} of {what}", evidence=evidence, look=look)


def refuse_other_dtypes(function, name, dtypes):
    """Check that arrays of other dtypes are refused, and what is no array."""
    others = {f"a {np.dtype(kind).name} array": np.ones(2, kind) for kind in dtypes}
    others |= {"a list": [1, 2], "a NumPy number": np.uint32(5)}
    for kind, bits in others.items():
        where = f"{name} of {kind}"
        check.raises(TypeError, function, bits, where=where, look=CONTRACT)


def python_types(answers, kind):
    """Check that numbers are Python's own: where -> number."""
    for where, got in answers.items():
        evidence = f"got a {type(got).__name__}, expected a Python {kind.__name__}"
        good = isinstance(got, kind)
        check.true(good, where=f"{where}: its type", evidence=evidence, look=CONTRACT)


# --- f16_bits_to_f32 ----------------------------------------------------------------


@pytest.mark.task("f16_bits_to_f32")
def test_f16_bits_to_f32(student):
    cases = [
        ("0", 0x0000, 0x00000000),
        ("-0", 0x8000, 0x80000000),
        ("1", 0x3C00, 0x3F800000),
        ("-2", 0xC000, 0xC0000000),
        ("0.1, rounded", 0x2E66, 0x3DCCC000),
        ("65504, the largest", 0x7BFF, 0x477FE000),
        ("infinity", 0x7C00, 0x7F800000),
        ("minus infinity", 0xFC00, 0xFF800000),
    ]
    got = student.f16_bits_to_f32(np.array([b for _, b, _ in cases], dtype=np.uint16))
    patterns(got, cases, np.uint32, "f16_bits_to_f32", "Chapter, step 1.")


@pytest.mark.task("f16_bits_to_f32")
def test_f16_subnormals(student):
    cases = [
        ("2**-24, the smallest subnormal", 0x0001, 0x33800000),
        ("3 * 2**-24", 0x0003, 0x34400000),
        ("-2**-15, a subnormal", 0x8200, 0xB8000000),
        ("the largest subnormal", 0x03FF, 0x387FC000),
        ("2**-14, the smallest normal number", 0x0400, 0x38800000),
    ]
    got = student.f16_bits_to_f32(np.array([b for _, b, _ in cases], dtype=np.uint16))
    patterns(got, cases, np.uint32, "f16_bits_to_f32", "Chapter, step 1.")


@pytest.mark.task("f16_bits_to_f32")
def test_f16_nans_shapes_and_dtypes(student):
    cases = [
        ("a quiet NaN", 0x7E05, 0x7FC0A000),
        ("a signalling NaN", 0x7D03, 0x7FE06000),
        ("a negative NaN", 0xFE00, 0xFFC00000),
    ]
    got = student.f16_bits_to_f32(np.array([b for _, b, _ in cases], dtype=np.uint16))
    table = student.f16_bits_to_f32(np.full((2, 3), 0x3C00, dtype=np.uint16))
    empty = student.f16_bits_to_f32(np.array([], dtype=np.uint16))

    name = "f16_bits_to_f32"
    patterns(got, cases, np.uint32, name, CONTRACT)
    check.shape(table, (2, 3), where=f"{name} of two axes", look=CONTRACT)
    check.shape(empty, (0,), where=f"{name} of nothing", look=CONTRACT)
    refuse_other_dtypes(
        student.f16_bits_to_f32, name, (np.int64, np.float16, np.uint32, np.int16)
    )


# --- f32_to_f16_bits ----------------------------------------------------------------


@pytest.mark.task("f32_to_f16_bits")
def test_f32_to_f16_bits(student):
    numbers = [
        ("1", 1.0, 0x3C00),
        ("-2.5", -2.5, 0xC100),
        ("0.1", 0.1, 0x2E66),
        ("2049, a tie: down to even", 2049.0, 0x6800),
        ("2051, a tie: up to even", 2051.0, 0x6802),
        ("2049.001, above a tie", 2049.001, 0x6801),
        ("4099, above a half", 4099.0, 0x6C01),
        ("4095.5, which carries into the exponent", 4095.5, 0x6C00),
        ("1e6", 1e6, 0x7C00),
        ("-1e30", -1e30, 0xFC00),
        ("65519, which is nearer to 65504", 65519.0, 0x7BFF),
        ("65520", 65520.0, 0x7C00),
        ("70000", 70000.0, 0x7C00),
        ("-100000", -100000.0, 0xFC00),
    ]
    got = student.f32_to_f16_bits(bits_of(*(x for _, x, _ in numbers)))
    patterns(got, numbers, np.uint16, "f32_to_f16_bits", "Chapter, step 2.")


@pytest.mark.task("f32_to_f16_bits")
def test_f32_to_f16_subnormals(student):
    unit = 2.0**-24
    numbers = [
        ("2**-24", unit, 0x0001),
        ("0.75 * 2**-24, nearer to 2**-24", 0.75 * unit, 0x0001),
        ("2**-25, a tie: down to zero", 0.5 * unit, 0x0000),
        ("a little more than 2**-25", 0.5001 * unit, 0x0001),
        ("2**-26", 0.25 * unit, 0x0000),
        ("-2**-30", -(2.0**-30), 0x8000),
        ("1.5 * 2**-24, a tie: up to even", 1.5 * unit, 0x0002),
        ("2.5 * 2**-24, a tie: down to even", 2.5 * unit, 0x0002),
        ("2.9 * 2**-24", 2.9 * unit, 0x0003),
        ("600.5001 * 2**-24: round once, not twice", 600.5001 * unit, 0x0259),
        ("1.5 * 2**-15", 1.5 * 2.0**-15, 0x0300),
        ("a little below 2**-14, which rounds up to it", 1023.7 * unit, 0x0400),
        ("a float32 subnormal", 1e-40, 0x0000),
    ]
    got = student.f32_to_f16_bits(bits_of(*(x for _, x, _ in numbers)))
    patterns(got, numbers, np.uint16, "f32_to_f16_bits", "Chapter, step 2.")


@pytest.mark.task("f32_to_f16_bits")
def test_f32_to_f16_signs_and_nans(student):
    cases = [
        ("0", 0x00000000, 0x0000),
        ("-0", 0x80000000, 0x8000),
        ("infinity", 0x7F800000, 0x7C00),
        ("minus infinity", 0xFF800000, 0xFC00),
        ("a quiet NaN", 0x7FC0A000, 0x7E05),
        ("a negative NaN", 0xFFE02000, 0xFF01),
        ("a signalling NaN", 0x7FA06000, 0x7F03),
        ("a NaN whose payload is all at the bottom", 0x7F800001, 0x7E00),
        ("a NaN of nothing but ones", 0x7FFFFFFF, 0x7FFF),
    ]
    got = student.f32_to_f16_bits(np.array([b for _, b, _ in cases], dtype=np.uint32))
    table = student.f32_to_f16_bits(bits_of(1.0, 2.0).reshape(1, 2))
    patterns(got, cases, np.uint16, "f32_to_f16_bits", CONTRACT)
    check.shape(table, (1, 2), where="f32_to_f16_bits of two axes", look=CONTRACT)
    name = "f32_to_f16_bits"
    refuse_other_dtypes(
        student.f32_to_f16_bits, name, (np.int64, np.float32, np.uint16, np.int32)
    )


def bits_after(lesson, name):
    """Return the bits that a function was given, after the call."""
    import numpy as np

    bits = np.array([0x3DCCCCCD, 0xC0200000], dtype=np.uint32)
    getattr(lesson, name)(bits)
    return bits.tolist()


@pytest.mark.task("f32_to_f16_bits")
def test_f32_to_f16_leaves_its_argument_alone(student):
    after = student.run(bits_after, name="f32_to_f16_bits")
    where = "f32_to_f16_bits: the argument afterwards"
    check.equal(after, [0x3DCCCCCD, 0xC0200000], where=where, look=CONTRACT)


# --- f32_to_bf16_bits ---------------------------------------------------------------


@pytest.mark.task("f32_to_bf16_bits")
def test_f32_to_bf16_bits(student):
    numbers = [
        ("1", 1.0, 0x3F80),
        ("-2.5", -2.5, 0xC020),
        ("0.1", 0.1, 0x3DCD),
        ("257, a tie: down to even", 257.0, 0x4380),
        ("259, a tie: up to even", 259.0, 0x4382),
        ("257.001, above a tie", 257.001, 0x4381),
        ("256.5, below a half", 256.5, 0x4380),
        ("511.5, which carries into the exponent", 511.5, 0x4400),
        ("3.4e38, larger than the largest", 3.4e38, 0x7F80),
        ("1e-40, a subnormal", 1e-40, 0x0001),
        ("infinity", np.inf, 0x7F80),
        ("-0", -0.0, 0x8000),
    ]
    got = student.f32_to_bf16_bits(bits_of(*(x for _, x, _ in numbers)))
    patterns(got, numbers, np.uint16, "f32_to_bf16_bits", "Chapter, step 2.")


@pytest.mark.task("f32_to_bf16_bits")
def test_f32_to_bf16_nans(student):
    cases = [
        ("a quiet NaN", 0x7FC50000, 0x7FC5),
        ("a negative NaN", 0xFFC00000, 0xFFC0),
        ("a signalling NaN", 0x7FA30000, 0x7FE3),
        ("a NaN whose payload is all at the bottom", 0x7F800001, 0x7FC0),
        ("a NaN whose payload would round up", 0x7FC1FFFF, 0x7FC1),
        ("a NaN of nothing but ones", 0x7FFFFFFF, 0x7FFF),
    ]
    got = student.f32_to_bf16_bits(np.array([b for _, b, _ in cases], dtype=np.uint32))
    table = student.f32_to_bf16_bits(bits_of(1.0, 2.0).reshape(2, 1))
    name = "f32_to_bf16_bits"
    patterns(got, cases, np.uint16, name, CONTRACT)
    check.shape(table, (2, 1), where=f"{name} of two axes", look=CONTRACT)
    refuse_other_dtypes(student.f32_to_bf16_bits, name, (np.int64, "f4", np.int32))


# --- accumulate ---------------------------------------------------------------------

WAYS = ("naive", "pairwise", "kahan", "fp32")


@pytest.mark.task("accumulate")
def test_accumulate(student):
    wants = {  # so many times 0.01
        (1000, "float16", "naive"): 9.953125,
        (1000, "float16", "kahan"): 10.0,
        (1000, "float16", "fp32"): 10.002137,
        (1000, "float32", "naive"): 10.000134,
        (500, "bfloat16", "naive"): 4.0,
    }
    sums = [student.accumulate([0.01] * n, *kind) for n, *kind in wants]
    for ((n, *kind), want), got in zip(wants.items(), sums, strict=True):
        where = f"accumulate, {n} times 0.01, {' '.join(kind)}"
        check.close(got, want, atol=1e-6, where=where, look="Chapter, step 3.")


@pytest.mark.task("accumulate")
def test_accumulate_in_order(student):
    """Sums whose order shows: 1 is lost beside 2048 in float16."""
    cases = [
        ([2048.0, 1.0, 1.0], "naive", 2048.0),
        ([1.0, 1.0, 2048.0], "naive", 2050.0),
        ([2048.0, 1.0, 1.0], "pairwise", 2050.0),
        ([1.0, 2048.0, 1.0, 0.0], "pairwise", 2048.0),
        ([1.0, 1.0, 2048.0, 0.0, 1.0], "pairwise", 2050.0),
        ([2048.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0], "pairwise", 2054.0),
        ([2048.0, 1.0, 1.0, 1.0], "kahan", 2052.0),
        ([1.0, 2048.0, 1.0, 2.0], "kahan", 2052.0),
        ([2048.0, 1.0, 2.0, -2048.0], "kahan", 4.0),
        ([-1.0, 3574.0, 1.0], "kahan", 3576.0),
        ([2049.0, 1.0], "naive", 2048.0),
        ([2049.0, 1.0], "fp32", 2049.0),
        ([70000.0, -70000.0], "naive", math.nan),
        ([65504.0, 65504.0], "naive", math.inf),
        ([-65504.0, -65504.0], "pairwise", -math.inf),
        ([65504.0, 65504.0], "kahan", math.inf),
        ([], "naive", 0.0),
        ([], "pairwise", 0.0),
        ([], "kahan", 0.0),
    ]
    sums = [student.accumulate(xs, "float16", how) for xs, how, _ in cases]
    for (xs, how, want), got in zip(cases, sums, strict=True):
        where = f"accumulate {xs}, float16, {how}"
        check.close(got, want, where=where, look="Chapter, step 3.")


@pytest.mark.task("accumulate")
def test_accumulate_in_each_dtype(student):
    wants = {  # 1, 1/2, 1/3, ... 1/50
        ("float16", "naive"): 4.49609375,
        ("float16", "pairwise"): 4.49609375,
        ("float16", "kahan"): 4.5,
        ("float16", "fp32"): 4.4987640380859375,
        ("bfloat16", "naive"): 4.625,
        ("bfloat16", "pairwise"): 4.5,
        ("bfloat16", "kahan"): 4.5,
        ("bfloat16", "fp32"): 4.5013427734375,
        ("float32", "naive"): 4.499205589294434,
        ("float32", "pairwise"): 4.499205589294434,
        ("float32", "kahan"): 4.499205589294434,
        ("float32", "fp32"): 4.499205589294434,
    }
    parts = [1 / k for k in range(1, 51)]
    sums = [student.accumulate(parts, *kind) for kind in wants]
    large = [student.accumulate([2.0**24, 1.0, 1.0], "float32", how) for how in WAYS]
    arrays = [student.accumulate(np.float32([3, 4]), "float16", how) for how in WAYS]
    arrays.append(student.accumulate((3.0, 4.0), "bfloat16", "naive"))
    past = student.accumulate(np.full(2, 3e38), "bfloat16", "fp32")
    for (kind, want), got in zip(wants.items(), sums, strict=True):
        where = f"accumulate 1, 1/2, ... 1/50, {' '.join(kind)}"
        check.equal(got, want, where=where, look="Chapter, step 3.")
    for how, got in zip(WAYS, large, strict=True):
        want = 2.0**24 + (2.0 if how in ("pairwise", "kahan") else 0.0)
        where = f"accumulate [2**24, 1, 1], float32, {how}"
        check.equal(got, want, where=where, look="Chapter, step 3.")
    where = "accumulate 3 and 4, as an array in each way and as a tuple"
    check.equal(arrays, [7.0] * 5, where=where, look=CONTRACT)
    python_types(dict.fromkeys([where], arrays[0]), float)
    where = "accumulate 3e38 and 3e38, bfloat16, fp32"
    check.equal(past, math.inf, where=where, look=CONTRACT)


@pytest.mark.task("accumulate")
def test_accumulate_refuses(student):
    for dtype, how in (("float64", "naive"), ("float16", "sorted")):
        where = f"accumulate, {dtype}, {how}"
        check.raises(
            ValueError,
            student.accumulate,
            [1.0],
            dtype,
            how,
            where=where,
            look=CONTRACT,
        )


# --- underflow_report and best_scale ------------------------------------------------


# Times 0.3 it is 65520, times 1.6369616985321045 a little less: float32 rounds the
# first down and the second up.
DOWN, UP = 218399.99132156407, 40025.37109375


@pytest.mark.task("underflow_report")
def test_underflow_report(student):
    grads = [np.array([0.0, 1e-8, -1e-6], dtype=np.float32), np.float32([[0.5, -3.0]])]
    edges = [np.array([-7e4, np.nan, np.inf, 65510.0], dtype=np.float32)]
    small = [np.float32([2.0**-14, 2.0**-14 - 2.0**-26, 0.7 * 2.0**-24])]
    cases = [
        ("0, 1e-8, -1e-6 | 0.5, -3, scale 1", grads, 1.0, [1, 1, 1, 2, 0]),
        ("0, 1e-8, -1e-6 | 0.5, -3, scale 2**17", grads, 2.0**17, [1, 0, 0, 2, 2]),
        ("-70000, NaN, inf, 65510", edges, 1.0, [0, 0, 0, 1, 3]),
        ("2**-14, a little less, 0.7 * 2**-24", small, 1.0, [0, 0, 1, 2, 0]),
        ("nothing", [], 1.0, [0, 0, 0, 0, 0]),
        (
            "0 and 1e-38, scale 2**130",
            [np.float32([0, 1e-38])],
            2.0**130,
            [1, 0, 0, 0, 1],
        ),
        ("0.3, scale 218399.9913", [np.float32([0.3])], DOWN, [0, 0, 0, 1, 0]),
        ("1.6369617, scale 40025.371", [np.float32([1.6369617])], UP, [0, 0, 0, 0, 1]),
    ]
    answers = [student.underflow_report(g, scale) for _, g, scale, _ in cases]
    for (kind, _, _, want), got in zip(cases, answers, strict=True):
        found = [got.zero, got.zeroed, got.subnormal, got.normal, got.inf]
        where = f"underflow_report of {kind}: zero, zeroed, subnormal, normal, inf"
        check.equal(found, want, where=where, look="Chapter, step 4.")
        python_types(dict.fromkeys([where], found[0]), int)


@pytest.mark.task("best_scale")
def test_best_scale(student):
    cases = [
        ("1e-7 and -3e-4", [[1e-7, -3e-4]], 2.0**27),
        ("1e-3 | 0.9 in a second array", [[1e-3], [0.9]], 2.0**16),
        ("1: 2**16 would exceed 65504", [[1.0]], 2.0**15),
        ("65504 / 4 exactly", [[16376.0]], 4.0),
        ("65510", [[65510.0]], 0.5),
        ("1e6", [[1e6]], 2.0**-4),
        ("1e-9", [[1e-9]], 2.0**45),
        ("1e-40", [[1e-40]], 2.0**127),
        ("all zero", [[0.0, 0.0]], 1.0),
        ("none", [], 1.0),
    ]
    answers = [
        student.best_scale([np.array(g, dtype=np.float32) for g in grads])
        for _, grads, _ in cases
    ]
    for (kind, _, want), got in zip(cases, answers, strict=True):
        where = f"best_scale of gradients {kind}"
        check.equal(got, want, where=where, look="Chapter, step 4.")
        python_types({where: got}, float)


@pytest.mark.task("best_scale")
def test_best_scale_refuses(student):
    for value in (np.inf, np.nan):
        where = f"best_scale of 1 and {value}"
        grads = [np.array([1.0, value], dtype=np.float32)]
        check.raises(ValueError, student.best_scale, grads, where=where, look=CONTRACT)


# --- LossScaler ---------------------------------------------------------------------


def golden(lesson, grads, options):
    """Run a scaler over some iterations: its states, and the weight at the end."""
    import numpy as np

    weight = lesson.Parameter(np.ones(1, dtype=np.float32))
    sgd = lesson.SGD([weight], 0.125)
    scaler = lesson.LossScaler(**options)
    states = []
    for value in grads:
        loss = scaler.scale(1.0)
        weight.grad = np.array([loss * value], dtype=np.float32)
        scaler.step(sgd)
        scaler.update()
        states.append((scaler.get_scale(), scaler.get_tracker()))
    return states, float(weight.value[0])


def last_states(lesson, iterations):
    """Run clean iterations with the defaults: the last two states of the scaler."""
    import numpy as np

    weight, scaler = lesson.Parameter(np.ones(1)), lesson.LossScaler()
    weight.grad = np.zeros(1, dtype=np.float32)
    sgd, states = lesson.SGD([weight], 0.0), []
    scaler.scale(1.0)
    for _ in range(iterations):
        scaler.step(sgd)
        scaler.update()
        states = [*states[-1:], (scaler.get_scale(), scaler.get_tracker())]
    return states


@pytest.mark.task("LossScaler")
def test_loss_scaler(student):
    inf, nan = math.inf, math.nan
    grads = [1.0, 1.0, 1.0, inf, 1.0, 1.0, nan, 1.0, 1.0, 1.0]
    states, weight = student.run(
        golden, grads=grads, options={"init": 8.0, "interval": 3}
    )
    others, _ = student.run(
        golden,
        grads=[1.0, 1.0, -inf, 1.0],
        options={"init": 9.0, "growth": 3.0, "backoff": 0.25, "interval": 2},
    )

    many = student.run(last_states, iterations=2000)

    where, look = "LossScaler(init=8, interval=3), ten iterations", "Chapter, step 5."
    want = [(8, 1), (8, 2), (16, 0), (8, 0), (8, 1)]
    want += [(8, 2), (4, 0), (4, 1), (4, 2), (8, 0)]
    check.equal(states, want, where=f"{where}: (scale, tracker)", look=look)
    where = f"{where}: the weight after 8 steps of 1/8"
    check.close(weight, 0.0, where=where, look=look)
    where = "LossScaler(init=9, growth=3, backoff=1/4, interval=2): (scale, tracker)"
    want = [(9, 1), (27, 0), (6.75, 0), (6.75, 1)]
    check.equal(others, want, where=where, look=look)
    where = "LossScaler(), 2000 clean iterations: the last two (scale, tracker)"
    check.equal(many, [(65536, 1999), (131072, 0)], where=where, look=look)


def play(lesson, options, moves):
    """Let a scaler and two optimizers, a and b, make moves; note what each answers.

    A move is a name and its arguments, named ones in a dictionary at the end. Those in
    `SAID` are moves too: ("grads", "a", x, y) puts gradients of these values on a's
    weights: None for none, "half" for ones in float16.
    """
    import numpy as np

    class Counted(lesson.SGD):
        """Plain descent that notes what its step was given."""

        def step(self, *args, **kwargs):
            self.seen.append([list(args), dict(kwargs)])
            super().step()
            return "stepped"

        def __eq__(self, other):
            return True

        __hash__ = None

    def made():
        params = [lesson.Parameter(np.ones(2, dtype=np.float32)) for _ in range(2)]
        optimizer = Counted(params, 1.0)
        optimizer.seen = []
        return optimizer

    both, notes = {"a": made(), "b": made()}, []
    scaler = lesson.LossScaler(**options)

    def move(name, *args):
        if name == "grads":
            of, *values = args
            for p, value in zip(both[of].params, values, strict=True):
                kind = np.float16 if value == "half" else np.float32
                value = [1.0, 1.0] if value == "half" else value
                p.grad = None if value is None else np.array(value, dtype=kind)
            both[of].held = [p.grad for p in both[of].params]
            return None
        if name == "gradients":
            params = both[args[0]].params
            return [p.grad if p.grad is None else p.grad.tolist() for p in params]
        if name == "same":
            a = both[args[0]]
            return all(p.grad is h for p, h in zip(a.params, a.held, strict=True))
        if name == "given":
            return list(both[args[0]].seen)
        if name == "state":
            return [scaler.get_scale(), scaler.get_tracker()]
        if name in ("step", "unscale"):
            of, *rest = args
            keywords = rest.pop() if rest and isinstance(rest[-1], dict) else {}
            return getattr(scaler, name)(both[of], *rest, **keywords)
        return getattr(scaler, name)(*args)

    for one in moves:
        try:
            notes.append(move(*one))
        except Exception as error:
            notes.append(f"raised {type(error).__name__}")
    return notes


SAID = {
    "grads": "{0} gets gradients {1} and {2}",
    "gradients": "the gradients of {0}",
    "same": "are the gradients of {0} still the arrays that it got",
    "given": "what each step of {0} was given: arguments, named ones",
    "state": "get_scale() and get_tracker()",
}


def in_words(name, *args):
    """Write a move as a sentence, or as a call."""
    if name in SAID:
        values = ["float16 ones" if a == "half" else a for a in args]
        return SAID[name].format(*values)
    parts = [str(a) for a in args if not isinstance(a, dict)]
    parts += [f"{k}={v}" for a in args if isinstance(a, dict) for k, v in a.items()]
    return f"{name}({', '.join(parts)})"


def judge(student, moves, options=None):
    """Play moves, each paired with the answer that the docstrings promise.

    A message tells what happened since the last update, then what was asked.
    """
    with_scale = {"init": 4.0, "interval": 2} if options is None else options
    got = student.run(play, options=with_scale, moves=[move for move, _ in moves])
    made = ", ".join(f"{name} {value:g}" for name, value in with_scale.items())
    made = made or "defaults"
    made += ", a == b" if any("b" in move[1:2] for move, _ in moves) else ""
    story, iteration = [], 1
    for (move, want), answer in zip(moves, got, strict=True):
        story.append(in_words(*move))
        place = f"LossScaler: {made}, iteration {iteration}: {'; '.join(story)}"
        check.equal(answer, want, where=place, look="Chapter, step 5, the docstrings.")
        if move[0] in ("gradients", "same", "given", "state"):
            story.pop()
        if move[0] == "update" and want is None:
            story, iteration = [], iteration + 1


ONE, INF = [1.0, 1.0], [1.0, math.inf]


@pytest.mark.task("LossScaler")
def test_scaler_gradients(student):
    moves = [
        (("scale", 1.0), 4.0),
        (("grads", "a", [4.0, 8.0], [2.0, -4.0]), None),
        (("unscale", "a"), None),
        (("gradients", "a"), [[1.0, 2.0], [0.5, -1.0]]),
        (("same", "a"), True),
        (("given", "a"), []),
        (("step", "a"), "stepped"),
        (("gradients", "a"), [[1.0, 2.0], [0.5, -1.0]]),
        (("same", "a"), True),
        (("given", "a"), [[[], {}]]),
        (("update",), None),
        (("grads", "a", [4.0, math.inf], [8.0, 4.0]), None),
        (("step", "a"), None),
        (("gradients", "a"), [[1.0, math.inf], [2.0, 1.0]]),
        (("same", "a"), True),
        (("given", "a"), [[[], {}]]),
        (("update",), None),
        (("grads", "a", None, [2.0, 2.0]), None),
        (("step", "a", 7, {"flag": True}), "stepped"),
        (("gradients", "a"), [None, ONE]),
        (("same", "a"), True),
        (("given", "a"), [[[], {}], [[7], {"flag": True}]]),
        (("update",), None),
        (("grads", "a", [2e38, 3e38], ONE), None),
        (("step", "a"), "stepped"),
        (("update",), None),
        (("state",), [4.0, 0]),
    ]
    judge(student, moves)


@pytest.mark.task("LossScaler")
def test_scaler_two_optimizers(student):
    start = [(("scale", 1.0), 4.0), (("grads", "a", ONE, INF), None)]
    moves = [
        *start,
        (("grads", "b", ONE, ONE), None),
        (("step", "a"), None),
        (("step", "b"), "stepped"),
        (("update",), None),
        (("state",), [2.0, 0]),
        (("grads", "a", ONE, ONE), None),
        (("step", "a"), "stepped"),
        (("step", "b"), "stepped"),
        (("update",), None),
        (("state",), [2.0, 1]),
        (("grads", "b", INF, ONE), None),
        (("unscale", "a"), None),
        (("unscale", "b"), None),
        (("update",), None),
        (("state",), [1.0, 0]),
        (("grads", "b", ONE, ONE), None),
        (("step", "a"), "stepped"),
        (("update",), None),
        (("state",), [1.0, 1]),
        (("unscale", "b"), None),
    ]
    judge(student, moves)


@pytest.mark.task("LossScaler")
def test_scaler_stages(student):
    moves = [
        (("unscale", "a"), "raised AssertionError"),
        (("step", "a"), "raised AssertionError"),
        (("update",), "raised AssertionError"),
        (("update", 2.0), "raised AssertionError"),
        (("scale", []), []),
        (("update", 2.0), "raised AssertionError"),
        (("scale", 1.0), 4.0),
        (("update",), "raised AssertionError"),
        (("grads", "a", ONE, ONE), None),
        (("unscale", "a"), None),
        (("unscale", "a"), "raised RuntimeError"),
        (("step", "a"), "stepped"),
        (("step", "a"), "raised RuntimeError"),
        (("unscale", "a"), "raised RuntimeError"),
        (("gradients", "a"), [[0.25, 0.25], [0.25, 0.25]]),
        (("same", "a"), True),
        (("given", "a"), [[[], {}]]),
        (("update",), None),
        (("update",), "raised AssertionError"),
        (("grads", "a", INF, ONE), None),
        (("step", "a"), None),
        (("step", "a"), "raised RuntimeError"),
        (("update",), None),
        (("state",), [2.0, 0]),
    ]
    judge(student, moves)


@pytest.mark.task("LossScaler")
def test_scaler_refusals(student):
    moves = [
        (("step", "a", {"closure": None}), "raised RuntimeError"),
        (("scale", 1.0), 4.0),
        (("grads", "a", ONE, "half"), None),
        (("unscale", "a"), "raised ValueError"),
        (("gradients", "a"), [ONE, ONE]),
        (("same", "a"), True),
        (("given", "a"), []),
        (("grads", "a", ONE, ONE), None),
        (("step", "a", {"closure": None}), "raised RuntimeError"),
        (("gradients", "a"), [ONE, ONE]),
        (("same", "a"), True),
        (("given", "a"), []),
        (("unscale", "a"), None),
        (("grads", "b", None, None), None),
        (("step", "b"), "raised AssertionError"),
        (("unscale", "b"), "raised RuntimeError"),
        (("step", "b"), "raised AssertionError"),
        (("step", "a"), "stepped"),
        (("update",), None),
        (("state",), [4.0, 1]),
        (("step", "b"), "raised AssertionError"),
        (("update",), "raised AssertionError"),
        (("state",), [4.0, 1]),
        (("unscale", "b"), "raised RuntimeError"),
        (("step", "b"), "raised AssertionError"),
        (("scale", "text"), "raised ValueError"),
        (("scale", [1.0, None]), "raised ValueError"),
    ]
    judge(student, moves)
    for options in (
        {"growth": 1.0},
        {"growth": 0.5},
        {"backoff": 1.0},
        {"backoff": 2.0},
    ):
        where = f"LossScaler with {options}"
        kind = AssertionError
        check.raises(kind, student.LossScaler, where=where, look=CONTRACT, **options)


@pytest.mark.task("LossScaler")
def test_scaler_new_scales_and_limits(student):
    judge(
        student,
        [
            (("scale", 1.0), 4.0),
            (("grads", "a", ONE, ONE), None),
            (("step", "a"), "stepped"),
            (("update",), None),
            (("state",), [4.0, 1]),
            (("step", "a"), "stepped"),
            (("update", 32.0), None),
            (("state",), [32.0, 1]),
            (("update", 0.1), None),
            (("state",), [float(np.float32(0.1)), 1]),
            (("step", "a"), "stepped"),
            (("update",), None),
            (("state",), [float(np.float32(0.2)), 0]),
            (("update", 0.0), None),
            (("state",), [0.0, 0]),
        ],
    )
    judge(
        student,
        [
            (("scale", 1.0), 2.0**127),
            (("grads", "a", ONE, ONE), None),
            (("step", "a"), "stepped"),
            (("update",), None),
            (("state",), [2.0**127, 0]),
            (("update", 0.5), None),
            (("grads", "a", INF, ONE), None),
            (("step", "a"), None),
            (("update",), None),
            (("state",), [0.0, 0]),
        ],
        {"init": 2.0**127, "interval": 1, "backoff": 0.0},
    )
    clean = [(("step", "a"), "stepped"), (("update",), None)]
    start = [(("scale", 1.0), 2.0**125), (("grads", "a", ONE, ONE), None)]
    tops = [(("state",), [top, 0]) for top in (2.0**126, 2.0**127, 2.0**127)]
    growing = [move for top in tops for move in (*clean, top)]
    judge(student, start + growing, {"init": 2.0**125, "interval": 1})
    judge(
        student,
        [
            (("scale", 1.0), 2.0**-10),
            (("grads", "a", [3e38, 1.0], ONE), None),
            (("step", "a"), "stepped"),
            (("update",), None),
            (("state",), [2.0**-10, 1]),
        ],
        {"init": 2.0**-10},
    )
    judge(student, [(("state",), [65536.0, 0])], {})


@pytest.mark.task("LossScaler")
def test_scaler_factors(student):
    """Factors that float32 does not hold: 1.1 and 0.3."""
    grown, backed = float(np.float32(3 * 1.1)), float(np.float32(11 * 0.3))
    options = {"growth": 1.1, "backoff": 0.3, "interval": 1}
    begun = [(("scale", 0.0), 0.0), (("grads", "a", ONE, ONE), None)]
    taken = [*begun, (("step", "a"), "stepped"), (("update",), None)]
    judge(student, [*taken, (("state",), [grown, 0])], {"init": 3.0, **options})
    left = [begun[0], (("grads", "a", INF, ONE), None), (("step", "a"), None)]
    left += [(("update",), None), (("state",), [backed, 0])]
    judge(student, left, {"init": 11.0, **options})


def scaled(lesson):
    """Scale nested outputs; tell kinds and values, and the array afterwards."""
    import numpy as np

    array = np.array([1.0, 2.0], dtype=np.float32)
    scaler = lesson.LossScaler(init=3.0)
    types = [type(scaler.get_scale()).__name__, type(scaler.get_tracker()).__name__]
    answer = scaler.scale([1, (array, 0.3), np.float32(0.5)])
    outer, inner = type(answer).__name__, type(answer[1]).__name__
    number, small = answer[0], answer[1][1]
    values = [float(number), answer[1][0].tolist(), float(small), float(answer[2])]
    kinds = [outer, inner, type(number).__name__, str(answer[1][0].dtype)]
    other = lesson.LossScaler(init=3.0)
    other.scale(array)
    weight = lesson.Parameter(array)
    weight.grad = np.array([2.0, 7.0], dtype=np.float32)
    other.unscale(lesson.SGD([weight], 1.0))
    refused = []
    for kind in (np.float64, np.float16):
        try:
            refused.append(str(other.scale(array.astype(kind)).dtype))
        except ValueError:
            refused.append("ValueError")
    return types + kinds, values, array.tolist(), weight.grad.tolist(), refused


@pytest.mark.task("LossScaler")
def test_scaler_outputs(student):
    kinds, values, after, grad, refused = student.run(scaled)
    where = "LossScaler(init=3): types of get_scale() and get_tracker()"
    check.equal(kinds[:2], ["float", "int"], where=where, look=CONTRACT)
    where = "LossScaler(init=3).scale([1, (array, 0.3), float32(0.5)])"
    want = ["list", "tuple", "float", "float32"]
    check.equal(kinds[2:], want, where=f"{where}: types", look=CONTRACT)
    small = float(np.float32(0.3) * np.float32(3.0))
    check.equal(values, [3.0, [3.0, 6.0], small, 1.5], where=where, look=CONTRACT)
    where = "LossScaler.scale of a float64 array and of a float16 array"
    check.equal(refused, ["ValueError"] * 2, where=where, look=CONTRACT)
    check.equal(
        after, [1.0, 2.0], where=f"{where}: the array afterwards", look=CONTRACT
    )
    third = np.float32(1 / 3)
    want = [float(np.float32(2.0) * third), float(np.float32(7.0) * third)]
    where = "LossScaler(init=3), gradients 2 and 7, unscaled"
    check.equal(grad, want, where=where, look=CONTRACT)


# --- mp_train_step ------------------------------------------------------------------


GIVEN = "each call of backward: the weights' dtype, the number, the first weight"


def one_step(lesson, batches, options):
    """Take one step on two weights, 1 and 3; note what is given and what comes out.

    A batch is the loss and the two gradients that backward gives, before its number.
    """
    import numpy as np

    seen = []

    def backward(weights, batch, number):
        seen.append((str(weights[0].dtype), float(number), float(weights[0][0])))
        loss, *grads = batch
        return loss, [
            None if g is None else np.array([np.float16(g * number)]) for g in grads
        ]

    params = [lesson.Parameter(np.array([w], dtype=np.float32)) for w in (1.0, 3.0)]
    for p in params:
        p.grad = np.array([64.0], dtype=np.float32)
    sgd = lesson.SGD(params, 0.5)
    scaler = lesson.LossScaler(init=1024.0, interval=1)
    loss = lesson.mp_train_step(params, batches, backward, scaler, sgd, **options)
    grads = [p.grad if p.grad is None else float(p.grad[0]) for p in params]
    weights = [float(p.value[0]) for p in params]
    kinds = sorted({str(p.value.dtype) for p in params})
    return seen, float(loss), weights, kinds, grads, scaler.get_scale()


def judge_step(student, kind, batches, options, wants):
    got = student.run(one_step, batches=batches, options=options)
    names = (GIVEN, "the loss", "weights", "their dtypes", "gradients", "the scale")
    for name, answer, want in zip(names, got, wants, strict=True):
        where = f"mp_train_step, {kind}: {name}"
        if isinstance(want, list) and all(isinstance(w, float) for w in want):
            check.close(answer, want, rtol=1e-6, where=where, look="Chapter, step 6.")
        else:
            check.equal(answer, want, where=where, look="Chapter, step 6.")


SINGLE = ["float32"]


@pytest.mark.task("mp_train_step")
def test_mp_train_step(student):
    half = [("float16", 512.0, 1.0)] * 2
    judge_step(
        student,
        "two batches, scale 1024",
        [(0.5, 1.0, 2.0), (0.125, 0.25, -1.0)],
        {},
        (half, 0.3125, [0.6875, 2.75], SINGLE, [0.625, 0.5], 2048.0),
    )
    judge_step(
        student,
        "one weight that no batch uses, the other used once",
        [(1.0, None, 1.0), (1.0, None, None)],
        {},
        (half, 1.0, [1.0, 2.75], SINGLE, [None, 0.5], 2048.0),
    )
    judge_step(
        student,
        "gradients 2048 and 1 after scaling: added up in float32",
        [(1.0, 4.0, 0.0), (1.0, 1 / 512, 0.0)],
        {},
        (half, 1.0, [-0.00048828125, 3.0], SINGLE, [2.0009765625, 0.0], 2048.0),
    )


@pytest.mark.task("mp_train_step")
def test_mp_train_step_skips(student):
    given = [("float16", 1024.0, 1.0)]
    judge_step(
        student,
        "a gradient of 1000 times 1024, too large for float16",
        [(1.0, 1000.0, 1.0)],
        {},
        (given, 1.0, [1.0, 3.0], SINGLE, [math.inf, 1.0], 512.0),
    )
    judge_step(
        student,
        "an infinite loss, finite gradients",
        [(math.inf, 1.0, 1.0)],
        {},
        (given, math.inf, [0.5, 2.5], SINGLE, [1.0, 1.0], 2048.0),
    )


@pytest.mark.task("mp_train_step")
def test_mp_train_step_clips(student):
    given = [("float16", 1024.0, 1.0)]
    for kind, clip, grads in (
        ("norm 5, clip 1", 1.0, [0.6, 0.8]),
        ("norm 5, clip 6", 6.0, [3.0, 4.0]),
        ("norm 5, clip 4.5", 4.5, [2.7, 3.6]),
        ("norm 5, clip 0", 0.0, [0.0, 0.0]),
    ):
        weights = [1.0 - 0.5 * grads[0], 3.0 - 0.5 * grads[1]]
        wants = (given, 1.0, weights, SINGLE, grads, 2048.0)
        batches, options = [(1.0, 3.0, 4.0)], {"clip": clip}
        judge_step(student, f"gradients 3 and 4, {kind}", batches, options, wants)
    judge_step(
        student,
        "gradients 3e-6 and 4e-6, about, clip 1e-6",
        [(1.0, 3 * 2.0**-20, 2.0**-18)],
        {"clip": 2.0**-20},
        (
            given,
            1.0,
            [1.0 - 0.3 * 2.0**-20, 3.0 - 0.4 * 2.0**-20],
            SINGLE,
            [0.6 * 2.0**-20, 0.8 * 2.0**-20],
            2048.0,
        ),
    )
    judge_step(
        student,
        "gradients 3 and 4 from two batches, clip 2.5",
        [(1.0, 6.0, 0.0), (1.0, 0.0, 8.0)],
        {"clip": 2.5},
        ([("float16", 512.0, 1.0)] * 2, 1.0, [0.25, 2.0], SINGLE, [1.5, 2.0], 2048.0),
    )


def several_steps(lesson):
    """Take steps of 2**-12 on a weight of 1, which float16 cannot see one by one.

    Then a step without batches, one of two batches, and one that uses no weight.
    """
    import numpy as np

    casts = []

    def backward(weights, batch, number):
        casts.append(weights[0])
        grad = None if batch is None else np.array([batch * number], dtype=np.float16)
        return 0.1, [grad]

    weight = lesson.Parameter(np.array([1.0], dtype=np.float32))
    sgd, scaler = lesson.SGD([weight], 1.0), lesson.LossScaler(init=16.0)
    for _ in range(3):
        lesson.mp_train_step([weight], [2.0**-12], backward, scaler, sgd)
    value = float(weight.value[0])

    def refusal(function, *args):
        try:
            function(*args)
        except Exception as error:
            return type(error).__name__
        return "nothing"

    held = np.array([7.0], dtype=np.float32)
    weight.grad, fresh = held, lesson.LossScaler()
    raised = [refusal(lesson.mp_train_step, [weight], [], backward, fresh, sgd)]
    raised.append(weight.grad is held)
    raised.append(refusal(fresh.unscale, sgd))
    del casts[:]
    loss = lesson.mp_train_step([weight], [1.0, 1.0], backward, scaler, sgd)
    once = np.shares_memory(*casts)
    unused = refusal(lesson.mp_train_step, [weight], [None], backward, scaler, sgd)
    return value, raised, bool(once), type(loss).__name__, float(loss), unused


@pytest.mark.task("mp_train_step")
def test_mp_train_step_by_step(student):
    weight, raised, once, kind, loss, unused = student.run(several_steps)
    where = "mp_train_step, three steps of 2**-12 from 1: the master weight"
    check.equal(weight, 1.0 - 3 * 2.0**-12, where=where, look="Chapter, step 6.")
    where = "mp_train_step without batches: what is raised, is p.grad as it was, what "
    where += "the scaler's unscale raises next, as nothing was scaled"
    want = ["ValueError", True, "AssertionError"]
    check.equal(raised, want, where=where, look=CONTRACT)
    where = "mp_train_step, two batches: are the float16 weights the same array"
    check.equal(once, True, where=where, look=CONTRACT)
    where = "mp_train_step, two losses of 0.1: the mean"
    check.close(loss, 0.1, rtol=1e-12, where=where, look=CONTRACT)
    good = kind in ("float", "float64")
    evidence = f"got a {kind}, expected a Python float"
    check.true(good, where=f"{where}: its type", evidence=evidence, look=CONTRACT)
    where = "mp_train_step, no batch uses the weight: what is raised"
    check.equal(unused, "AssertionError", where=where, look=CONTRACT)


# --- autocast_policy and memory_model -----------------------------------------------


@pytest.mark.task("autocast_policy")
def test_autocast_policy(student):
    half, single, double = "float16", "float32", "float64"
    cases = [
        *((op, (single, single), half) for op in ("linear", "bmm", "conv2d")),
        *((op, (half,), single) for op in ("softmax", "exp", "sum", "cumsum", "norm")),
        *((op, (half, half), single) for op in ("mse_loss", "nll_loss")),
        ("matmul", (half, single), half),
        ("scaled_dot_product_attention", (single, half, half), half),
        ("binary_cross_entropy_with_logits", (half, half), single),
        ("layer_norm", (single,), single),
        ("relu", (half,), half),
        ("add", (half, single), single),
        ("add", (single, half), single),
        ("cat", (half, single, half), single),
        ("linear", (double, single), double),
        ("softmax", (double,), double),
        ("add", (half, double, half), double),
    ]
    answers = [student.autocast_policy(op, *dtypes) for op, dtypes, _ in cases]
    for (op, dtypes, want), got in zip(cases, answers, strict=True):
        where = f"autocast_policy, {op} of {' and '.join(dtypes)}"
        check.equal(got, want, where=where, look="Chapter, step 7.")


@pytest.mark.task("autocast_policy")
def test_autocast_policy_refuses(student):
    for kind, op, dtypes in (
        (RuntimeError, "binary_cross_entropy", ("float32",)),
        (ValueError, "relu", ()),
        (ValueError, "matmul", ("int8",)),
        (ValueError, "add", ("float16", "bfloat16")),
    ):
        where = f"autocast_policy, {op} of {' and '.join(dtypes) or 'nothing'}"
        check.raises(
            kind, student.autocast_policy, op, *dtypes, where=where, look=CONTRACT
        )


@pytest.mark.task("memory_model")
def test_memory_model(student):
    keys = ("weights", "master", "gradients", "optimizer", "activations", "total")
    cases = [
        (("float32",), [40, 0, 40, 80, 400, 560]),
        (("mixed",), [20, 40, 20, 80, 200, 360]),
        (("float16",), [20, 0, 20, 40, 200, 280]),
        (("mixed", "momentum"), [20, 40, 20, 40, 200, 320]),
        (("float16", "momentum"), [20, 0, 20, 20, 200, 260]),
        (("float32", "sgd"), [40, 0, 40, 0, 400, 480]),
    ]
    answers = [student.memory_model(10, 100, *kind) for kind, _ in cases]
    nothing = student.memory_model(0, 0, "mixed")
    for (kind, want), got in zip(cases, answers, strict=True):
        where = f"memory_model, 10 weights, 100 activations, {', '.join(kind)}"
        want = dict(zip(keys, want, strict=True))
        check.equal(got, want, where=where, look="Chapter, step 7.")
        python_types({f"{where}: {key}": count for key, count in got.items()}, int)
    where = "memory_model of nothing"
    check.equal(nothing, dict.fromkeys(keys, 0), where=where, look=CONTRACT)


@pytest.mark.task("memory_model")
def test_memory_model_refuses(student):
    for arguments in (
        (10, 100, "bfloat16"),
        (10, 100, "mixed", "lion"),
        (-1, 100, "mixed"),
        (10, -1, "mixed"),
    ):
        where = f"memory_model{arguments}"
        check.raises(
            ValueError, student.memory_model, *arguments, where=where, look=CONTRACT
        )


# --- train --------------------------------------------------------------------------


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


def given_gradients(lesson, recipe, batches, options):
    """Train two weights, both 1, with the losses and gradients that batches hold."""
    import numpy as np

    seen = []

    def backward(weights, batch, number):
        seen.append((str(weights[0].dtype), float(number), float(weights[0][0])))
        loss, *grads = batch
        kind = weights[0].dtype
        return loss, [
            None if g is None else np.array([g * number], kind) for g in grads
        ]

    start = [np.ones(1, dtype=np.float32), np.ones(1, dtype=np.float32)]
    run = lesson.train(recipe, start, backward, batches, 0.25, **options)
    shared = any(np.shares_memory(a, b) for a in start for b in run.weights)
    finals = [float(w[0]) for w in run.weights]
    untouched = [float(w[0]) for w in start]
    losses, scales = list(map(float, run.losses)), list(map(float, run.scales))
    plain = all(isinstance(x, float) for x in (*run.losses, *run.scales))
    return seen, losses, scales, run.skipped, finals, untouched, shared, plain


def judge_run(student, recipe, batches, options, seen, scales, skipped, finals):
    got = student.run(given_gradients, recipe=recipe, batches=batches, options=options)
    losses = [batch[0] for batch in batches]
    wants = (seen, losses, scales, skipped, finals, [1.0, 1.0], False, True)
    names = (GIVEN, "losses", "scales", "skipped", "weights at the end")
    names += ("the weights given, afterwards", "is memory shared with them")
    names += ("are all losses and scales Python floats",)
    for name, answer, want in zip(names, got, wants, strict=True):
        said = "".join(f", {key} {value:g}" for key, value in options.items())
        where = f"train, {recipe}{said}: {name}"
        check.equal(answer, want, where=where, look="Chapter, step 8.")


BATCHES = [(4.0, 1.0, 1.0), (0.1, 2.0, None), (math.nan, 0.0, 2.0), (2.0, 1.0, 0.0)]


@pytest.mark.task("train")
def test_train_plain(student):
    finals = [0.0, 0.25]
    for recipe in ("float32", "float16"):
        seen = [(recipe, 1.0, w) for w in (1.0, 0.75, 0.25, 0.25)]
        judge_run(student, recipe, BATCHES, {}, seen, [1.0] * 4, 0, finals)
        judge_run(student, recipe, [], {}, [], [], 0, [1.0, 1.0])


@pytest.mark.task("train")
def test_train_mixed(student):
    given = ((8, 1), (8, 0.75), (16, 0.25), (16, 0.25))  # the number, the weight
    seen = [("float16", number, weight) for number, weight in given]
    scales, finals = [8.0, 16.0, 16.0, 32.0], [0.0, 0.25]
    options = {"init": 8.0, "interval": 2}
    judge_run(student, "mixed", BATCHES, options, seen, scales, 0, finals)
    batches = [(1.0, 1.0, 1.0), (1.0, math.inf, 0.0), (1.0, 1.0, 0.0)]
    seen = [("float16", number, 1) for number in (65536, 32768, 16384)]
    judge_run(
        student,
        "mixed",
        batches,
        {},
        seen,
        [32768.0, 16384.0, 16384.0],
        2,
        [0.75, 1.0],
    )
    batches = [(1.0, math.inf, 0.0)] * 2
    seen = [("float16", number, 1) for number in (2.0**-149, 0.0)]
    options = {"init": 2.0**-149}
    judge_run(student, "mixed", batches, options, seen, [0.0, 0.0], 2, [1.0, 1.0])


@pytest.mark.task("train")
def test_train_refuses(student):
    arguments = ("bfloat16", [np.ones(1, dtype=np.float32)], print, [], 0.1)
    where = "train, an unknown recipe"
    check.raises(ValueError, student.train, *arguments, where=where, look=CONTRACT)
