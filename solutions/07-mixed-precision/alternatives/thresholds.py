# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---
# %% tags=["setup"]
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

np.seterr(all="ignore")  # overflow is what this lesson is about


# %%
def bits_of(x):
    """Return the float32 bit patterns (uint32) of numbers."""
    return np.asarray(x, dtype=np.float32).view(np.uint32)


def floats_of(bits):
    """Return the float32 numbers that uint32 bit patterns stand for."""
    return np.asarray(bits, dtype=np.uint32).view(np.float32)


class Parameter:
    """A weight and its gradient, which is None until a backward pass fills it."""

    def __init__(self, value: np.ndarray) -> None:
        self.value = np.array(value)
        self.grad: np.ndarray | None = None


class SGD:
    """Plain gradient descent, in the dtype of the weights."""

    def __init__(self, params: Sequence[Parameter], lr: float) -> None:
        self.params, self.lr = list(params), float(lr)

    def step(self) -> None:
        """Take one step; a parameter without a gradient stays where it is."""
        for p in self.params:
            if p.grad is not None:
                p.value = p.value - self.lr * p.grad


# What a backward pass looks like: weights, a batch and a number to start from give the
# loss and, for each weight, the gradient of (number * loss), or None where a weight was
# not used. It computes in the dtype of the weights; the loss comes back unscaled.
Backward = Callable[
    [list[np.ndarray], Any, float], tuple[float, list[np.ndarray | None]]
]


class Underflow(NamedTuple):
    """What casting gradients to float16 does to them: five counts, adding up to all."""

    zero: int  # already zero before the scale and the cast
    zeroed: int  # zero only after the cast
    subnormal: int  # below 2**-14 and not zero after the cast
    normal: int
    inf: int  # infinite or NaN after the cast


class Run(NamedTuple):
    """What `train` returns."""

    losses: list[float]  # before each step
    scales: list[float]  # after each step; 1.0 where nothing is scaled
    skipped: int  # steps that left every weight as it was, because of an inf or a NaN
    weights: list[np.ndarray]  # at the end


# %%
def checked(bits, dtype):
    if type(bits) is not np.ndarray or bits.dtype != np.dtype(dtype):
        raise TypeError("bits of the right width, please")


def expanded(h):
    """Widen one half-precision magnitude below infinity, in Python's own integers."""
    exponent, fraction = divmod(h, 1024)
    if exponent:
        return (exponent + 112) * 2**23 + fraction * 2**13
    if not fraction:
        return 0
    places = fraction.bit_length() - 1
    return (places + 103) * 2**23 + (fraction - 2**places) * 2 ** (23 - places)


# Every half there is, widened; and for each the smallest float32 pattern that rounds to
# the next one: patterns of positive floats are ordered like the numbers.
WIDE = [expanded(h) for h in range(0x7C00)]
MARGIN = [*WIDE, 143 * 2**23]


def threshold(h):
    """Give the pattern from which on rounding reaches h + 1."""
    low, high = WIDE[h], MARGIN[h + 1]
    # The middle in units of the last place: patterns inside one binade are equidistant;
    # between binades, and below the smallest half, it is taken from the numbers.
    values = floats_of([low, high]).astype(np.float64)
    middle = int(bits_of([(values[0] + values[1]) / 2])[0])
    return middle + (h % 2 == 0)


STEPS = np.array([threshold(h) for h in range(0x7C00)], dtype=np.int64)
NANS = [0x7FC00000 | (payload << 13) for payload in range(1, 1024)]
TABLE = np.array([*WIDE, 0x7F800000, *NANS], dtype=np.uint32)


# %% tags=["task"] task="f16_bits_to_f32"
def f16_bits_to_f32(bits):
    """Look every pattern up."""
    checked(bits, np.uint16)
    sign = np.where(bits >= 0x8000, np.uint32(0x80000000), np.uint32(0))
    return TABLE[bits & 0x7FFF] | sign


# %% tags=["task"] task="f32_to_f16_bits"
def f32_to_f16_bits(bits):
    """Count the thresholds that a pattern has passed."""
    checked(bits, np.uint32)
    size = (bits & np.uint32(0x7FFFFFFF)).astype(np.int64)
    half = np.searchsorted(STEPS, size.ravel(), side="right").reshape(size.shape)
    half = np.where(size > 0x7F800000, 0x7E00 + ((size >> 13) & 0x1FF), half)
    return (half + (bits >= 0x80000000) * 0x8000).astype(np.uint16)


# %% tags=["task"] task="f32_to_bf16_bits"
def f32_to_bf16_bits(bits):
    """Compare what is cut off with half of the last place."""
    checked(bits, np.uint32)
    upper, lower = np.divmod(bits.astype(np.int64), 2**16)
    upper += np.where(upper % 2 == 1, lower >= 2**15, lower > 2**15)
    nan = (bits & np.uint32(0x7FFFFFFF)) > np.uint32(0x7F800000)
    upper[nan] = (bits[nan] >> 16) | 0x40
    return upper.astype(np.uint16)


# %%
def low(x, dtype):
    """Round one Python float."""
    if dtype == "float16":
        pattern = f32_to_f16_bits(bits_of([x]))
        return float(floats_of(f16_bits_to_f32(pattern))[0])
    if dtype == "bfloat16":
        pattern = f32_to_bf16_bits(bits_of([x])).astype(np.uint32)
        return float(floats_of(pattern * np.uint32(65536))[0])
    return float(np.float32(x))


def naive(xs, r):
    total = 0.0
    for x in xs:
        total = r(total + x)
    return total


def pairwise(xs, r):
    if len(xs) < 2:
        return xs[0] if xs else 0.0
    middle = len(xs) // 2
    return r(pairwise(xs[:middle], r) + pairwise(xs[middle:], r))


def kahan(xs, r):
    total = c = 0.0
    for x in xs:
        y = r(x - c)
        c, total = r(r(r(total + y) - total) - y), r(total + y)
    return total


# %% tags=["task"] task="accumulate"
def accumulate(xs, dtype, how):
    """Add Python floats, which hold a sum of two float32 numbers well enough."""
    ways = {"naive": naive, "pairwise": pairwise, "kahan": kahan, "fp32": naive}
    if how not in ways or dtype not in ("float16", "bfloat16", "float32"):
        raise ValueError("what?")
    numbers = [low(float(x), dtype) for x in xs]
    carrier = "float32" if how == "fp32" else dtype
    return ways[how](numbers, lambda x: low(x, carrier))


# %% tags=["task"] task="underflow_report"
def underflow_report(grads, scale=1.0):
    """Sort magnitudes into bins by their float32 patterns."""
    edges = [0x33000001, 0x387FE000, 0x477FF000]  # 2**-25+, 2**-14-, 65520
    found = [0, 0, 0, 0, 0]
    for grad in grads:
        grad = np.asarray(grad, np.float32)
        was_zero = grad.ravel() == 0
        sizes = bits_of(grad.ravel() * np.float32(scale)) & np.uint32(0x7FFFFFFF)
        bins = np.digitize(sizes[~was_zero].astype(np.int64), edges)
        found[0] += int(was_zero.sum())
        for place in range(4):
            found[1 + place] += int((bins == place).sum())
    return Underflow(*found)


# %% tags=["task"] task="best_scale"
def best_scale(grads):
    """Try powers of two from the largest down."""
    sizes = [float(np.abs(g).max()) for g in map(np.asarray, grads) if g.size]
    if not all(map(math.isfinite, sizes)):
        raise ValueError("not finite")
    if not any(sizes):
        return 1.0
    k = 127
    while max(sizes) * 2.0**k > 65504:
        k -= 1
    return 2.0**k


# %%
class State(NamedTuple):
    """All that a scaler remembers; the functions below return a new one."""

    scale: float
    tracker: int
    used: bool
    stages: dict[int, tuple[str, bool | None]]


def need(state, condition, kind, text):
    if not condition:
        raise kind(text)


def looked(state, key, found):
    return state._replace(stages={**state.stages, key: ("unscaled", found)})


def stepped(state, key):
    found = state.stages[key][1]
    return state._replace(stages={**state.stages, key: ("stepped", found)})


def updated(state, growth, backoff, interval):
    seen = [found for _, found in state.stages.values() if found is not None]
    need(state, seen, AssertionError, "nothing looked at")
    if any(seen):
        scale = float(np.float32(state.scale * backoff))
        return State(scale, 0, True, {})
    if state.tracker + 1 < interval:
        return State(state.scale, state.tracker + 1, True, {})
    grown = float(np.float32(state.scale * growth))
    return State(grown if grown < math.inf else state.scale, 0, True, {})


# %% tags=["task"] task="LossScaler"
class LossScaler:
    """A thin shell round pure functions over a tuple."""

    def __init__(self, init=2.0**16, growth=2.0, backoff=0.5, interval=2000):
        assert growth > 1
        assert backoff < 1
        self.state = State(float(np.float32(init)), 0, False, {})
        self.rules = growth, backoff, interval

    def get_scale(self):
        return self.state.scale

    def get_tracker(self):
        return self.state.tracker

    def scale(self, outputs):
        kind = type(outputs)
        if kind in (list, tuple):
            return kind(map(self.scale, outputs))
        kinds = (int, float, np.ndarray, np.generic)
        wide = kind is np.ndarray and outputs.dtype != np.float32
        if wide or not isinstance(outputs, kinds):
            raise ValueError("cannot be scaled")
        self.state = self.state._replace(used=True)
        product = np.asarray(outputs, dtype=np.float32) * np.float32(self.state.scale)
        return product if isinstance(outputs, np.ndarray) else float(product)

    def unscale(self, optimizer):
        key = id(optimizer)
        need(self.state, self.state.used, AssertionError, "scale first")
        need(self.state, key not in self.state.stages, RuntimeError, "once only")
        grads = [p.grad for p in optimizer.params if p.grad is not None]
        halves = [g for g in grads if g.dtype == np.float16]
        need(self.state, not halves, ValueError, "float16 gradients")
        found = any(not np.isfinite(g).all() for g in grads) if grads else None
        with np.errstate(all="ignore"):
            inverse = np.reciprocal(np.float64(self.state.scale)).astype(np.float32)
            for g in grads:
                np.multiply(g, inverse, out=g)
        self.state = looked(self.state, key, found)

    def step(self, optimizer, *args, **kwargs):
        key = id(optimizer)
        need(self.state, "closure" not in kwargs, RuntimeError, "no closures")
        need(self.state, self.state.used, AssertionError, "scale first")
        if key not in self.state.stages:
            self.unscale(optimizer)
        stage, found = self.state.stages[key]
        need(self.state, stage == "unscaled", RuntimeError, "once only")
        need(self.state, found is not None, AssertionError, "no gradients")
        result = optimizer.step(*args, **kwargs) if not found else None
        self.state = stepped(self.state, key)
        return result

    def update(self, new_scale=None):
        need(self.state, self.state.used, AssertionError, "scale first")
        if new_scale is None:
            self.state = updated(self.state, *self.rules)
        else:
            scale = float(np.float32(new_scale))
            self.state = self.state._replace(scale=scale, stages={})


# %% tags=["task"] task="mp_train_step"
def mp_train_step(params, batches, backward, scaler, optimizer, clip=None):
    """Collect first, then fill in the gradients."""
    batches = list(batches)
    if not batches:
        raise ValueError("no batches")
    number = scaler.scale(1.0 / len(batches))
    half = [np.float16(p.value) for p in params]
    answers = [backward(half, batch, number) for batch in batches]
    for i, p in enumerate(params):
        parts = [grads[i] for _, grads in answers if grads[i] is not None]
        p.grad = None
        if parts:
            total = np.add.reduce(np.array(parts), axis=0, dtype=np.float32)
            p.grad = np.asarray(total)
    if clip is not None:
        scaler.unscale(optimizer)
        there = [p for p in params if p.grad is not None]
        norm = math.hypot(*(float(x) for p in there for x in p.grad.ravel()))
        factor = np.float32(min(1.0, clip / norm)) if norm > 0 else np.float32(1)
        for p in there:
            p.grad = p.grad * factor
    scaler.step(optimizer)
    scaler.update()
    return math.fsum(loss for loss, _ in answers) / len(batches)


# %% tags=["task"] task="autocast_policy"
LISTS = {
    "float16": "matmul bmm linear conv2d scaled_dot_product_attention",
    "float32": "exp log pow rsqrt sum prod cumsum norm softmax log_softmax layer_norm"
    " mse_loss nll_loss binary_cross_entropy_with_logits",
}


def autocast_policy(op, *dtypes):
    """Look the operation up."""
    if op == "binary_cross_entropy":
        raise RuntimeError("unsafe")
    widths = [("float16", "float32", "float64").index(dtype) for dtype in dtypes]
    widest = ("float16", "float32", "float64")[max(widths)]
    named = [dtype for dtype, ops in LISTS.items() if op in ops.split()]
    return widest if widest == "float64" or not named else named[0]


# %% tags=["task"] task="memory_model"
def memory_model(n_params, n_act, recipe, optimizer="adam"):
    """Multiply a row of a table."""
    rows = {"float32": (4, 0, 4, 4, 4), "float16": (2, 0, 2, 2, 2)}
    rows["mixed"] = (2, 4, 2, 4, 2)
    kept = {"sgd": 0, "momentum": 1, "adam": 2}
    if recipe not in rows or optimizer not in kept or min(n_params, n_act) < 0:
        raise ValueError("what?")
    counts = (n_params, n_params, n_params, kept[optimizer] * n_params, n_act)
    sizes = [a * b for a, b in zip(rows[recipe], counts, strict=True)]
    names = ("weights", "master", "gradients", "optimizer", "activations", "total")
    return dict(zip(names, [*sizes, sum(sizes)], strict=True))


# %% tags=["task"] task="train"
def train(recipe, weights, backward, batches, lr, *, init=2.0**16, interval=2000):
    """Skip where the weights are the very objects that they were."""
    kinds = {"float32": np.float32, "float16": np.float16, "mixed": np.float32}
    if recipe not in kinds:
        raise ValueError("unknown recipe")
    params = [Parameter(np.array(w, dtype=kinds[recipe])) for w in weights]
    sgd, scaler = SGD(params, lr), LossScaler(init, interval=interval)
    run = Run([], [], 0, [])
    skipped = 0
    for batch in batches:
        before = [p.value for p in params]
        if recipe == "mixed":
            loss = mp_train_step(params, [batch], backward, scaler, sgd)
            skipped += all(
                p.value is old for p, old in zip(params, before, strict=True)
            )
            run.scales.append(scaler.get_scale())
        else:
            loss, grads = backward(before, batch, 1.0)
            for p, g in zip(params, grads, strict=True):
                p.grad = g
            sgd.step()
            run.scales.append(1.0)
        run.losses.append(float(loss))
    return run._replace(skipped=skipped, weights=[p.value for p in params])
