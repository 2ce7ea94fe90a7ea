# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---
# %% tags=["setup"]
import enum
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
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
def exactly(bits, dtype):
    """Take bits of one width only."""
    if not (isinstance(bits, np.ndarray) and bits.dtype == dtype):
        raise TypeError(f"these are not bits of {np.dtype(dtype)}")
    return bits.astype(np.int64)


def parts(bits, digits, bias):
    """Split patterns into sign (1 or 0), exponent, fraction, and the number's size."""
    exponents = 2 * bias + 1
    sign, size = np.divmod(bits, (exponents + 1) << digits)
    exponent, fraction = np.divmod(size, 1 << digits)
    lead = np.where(exponent > 0, 1 << digits, 0)
    power = np.maximum(exponent, 1) - bias - digits
    number = np.ldexp((fraction + lead).astype(np.float64), power.astype(np.int32))
    return sign, exponent, fraction, np.where(exponent == exponents, 0.0, number)


def assembled(number, digits, bias):
    """Round sizes (float64) to patterns: scale the last place to 1, and use rint."""
    least = 1 - bias - digits
    mantissa, power = np.frexp(number)
    unit = np.maximum(power - 1 - digits, least)
    steps = np.rint(np.ldexp(number, -unit)).astype(np.int64)
    pattern = steps + ((unit - least).astype(np.int64) << digits)
    return np.where(mantissa > 0, np.minimum(pattern, (2 * bias + 1) << digits), 0)


def narrowed(bits, digits, bias):
    """Round float32 patterns to a narrower format."""
    sign, exponent, fraction, number = parts(exactly(bits, np.uint32), 23, 127)
    top = (2 * bias + 1) << digits
    near = assembled(number, digits, bias)
    quiet = top | 1 << (digits - 1) | fraction >> (23 - digits)
    special = np.where(fraction > 0, quiet, top)
    return (np.where(exponent == 255, special, near) + (sign << 15)).astype(np.uint16)


# %% tags=["task"] task="f16_bits_to_f32"
def f16_bits_to_f32(bits):
    """Go through the number itself, which float64 holds exactly."""
    sign, exponent, fraction, number = parts(exactly(bits, np.uint16), 10, 15)
    wide = assembled(number, 23, 127)
    special = np.where(fraction > 0, 0x7FC00000 | fraction << 13, 0x7F800000)
    return (np.where(exponent == 31, special, wide) + (sign << 31)).astype(np.uint32)


# %% tags=["task"] task="f32_to_f16_bits"
def f32_to_f16_bits(bits):
    """Ten digits, bias 15."""
    return narrowed(bits, 10, 15)


# %% tags=["task"] task="f32_to_bf16_bits"
def f32_to_bf16_bits(bits):
    """Seven digits, bias 127."""
    return narrowed(bits, 7, 127)


# %%
FORMATS = {"float16": (11, -24, 65504.0), "bfloat16": (8, -133, 3.3895313892515355e38)}


def nearest(x, dtype):
    """Round one float, by frexp and Python's own round, which goes to even."""
    if dtype == "float32" or x == 0 or not math.isfinite(x):
        return float(np.float32(x))
    digits, least, largest = FORMATS[dtype]
    unit = max(math.frexp(x)[1] - digits, least)
    near = math.ldexp(round(math.ldexp(x, -unit)), unit)
    return near if abs(near) <= largest else math.copysign(math.inf, x)


# %% tags=["task"] task="accumulate"
def accumulate(xs, dtype, how):
    """Run one loop, whose step depends on the way."""
    if dtype not in (*FORMATS, "float32"):
        raise ValueError(dtype)
    todo = [nearest(float(x), dtype) for x in xs]
    if how == "pairwise":
        # A stack of intervals instead of recursion.
        def total(low, high):
            stack, done = [(low, high, False)], []
            while stack:
                a, b, ready = stack.pop()
                if ready:
                    right, left = done.pop(), done.pop()
                    done.append(nearest(left + right, dtype))
                elif b - a == 1:
                    done.append(todo[a])
                else:
                    middle = a + (b - a) // 2
                    stack += [(a, b, True), (middle, b, False), (a, middle, False)]
            return done[0]

        return total(0, len(todo)) if todo else 0.0
    if how not in ("naive", "kahan", "fp32"):
        raise ValueError(how)
    kind = "float32" if how == "fp32" else dtype
    s = c = 0.0
    for x in todo:
        y = nearest(x - c, kind) if how == "kahan" else x
        t = nearest(s + y, kind)
        if how == "kahan":
            c = nearest(nearest(t - s, kind) - y, kind)
        s = t
    return s


# %% tags=["task"] task="underflow_report"
def underflow_report(grads, scale=1.0):
    """Read the fields of the half patterns."""
    tally = dict.fromkeys(Underflow._fields, 0)
    for grad in grads:
        values = np.ravel(grad)
        patterns = f32_to_f16_bits(bits_of(values * np.float32(scale)))
        exponent, rest = patterns >> 10 & 31, patterns & 0x7FFF
        gone = values == 0
        tally["zero"] += gone.sum()
        tally["zeroed"] += ((rest == 0) & ~gone).sum()
        tally["subnormal"] += ((exponent == 0) & (rest > 0)).sum()
        tally["inf"] += ((exponent == 31) & ~gone).sum()
        tally["normal"] += ((exponent > 0) & (exponent < 31)).sum()
    return Underflow(**{name: int(count) for name, count in tally.items()})


# %% tags=["task"] task="best_scale"
def best_scale(grads):
    """Compare exponents: 65504 is 1.999 * 2**15."""
    mantissa, exponent = 0.0, -(10**6)
    for grad in grads:
        for value in np.abs(np.ravel(grad)).tolist():
            if not value < math.inf:
                raise ValueError(value)
            m, e = math.frexp(value)
            if value and (e, m) > (exponent, mantissa):
                mantissa, exponent = m, e
    if not mantissa:
        return 1.0
    k = 16 - exponent - (mantissa > 65504 / 65536)
    return math.ldexp(1.0, min(127, k))


# %%
class Stage(enum.Enum):
    """What has happened to an optimizer in this iteration."""

    READY = 0
    UNSCALED = 1
    STEPPED = 2


@dataclass
class Record:
    """One optimizer; held on to, so that its identity cannot be reused."""

    optimizer: Any
    stage: Stage = Stage.READY
    flags: list[bool] = field(default_factory=list)


# %% tags=["task"] task="LossScaler"
class LossScaler:
    """Keep a list of records and search it by identity."""

    def __init__(self, init=2.0**16, growth=2.0, backoff=0.5, interval=2000):
        if not growth > 1.0 or not backoff < 1.0:
            raise AssertionError("growth must exceed 1 and backoff must not reach it")
        self.value = np.full((), init, dtype=np.float32)
        self.growth, self.backoff, self.interval = growth, backoff, interval
        self.clean, self.records, self.started = 0, [], False

    def get_scale(self):
        return self.value.item()

    def get_tracker(self):
        return self.clean

    def scale(self, outputs):
        if isinstance(outputs, list):
            return [self.scale(output) for output in outputs]
        if isinstance(outputs, tuple):
            return tuple(self.scale(output) for output in outputs)
        if isinstance(outputs, np.ndarray):
            if outputs.dtype.str[1:] != "f4":
                raise ValueError(outputs.dtype)
            self.started = True
            return np.multiply(outputs, self.value)
        try:
            number = np.float32(outputs + 0)
        except TypeError:
            raise ValueError("not a number") from None
        self.started = True
        return (number * self.value).item()

    def record(self, optimizer):
        for record in self.records:
            if record.optimizer is optimizer:
                return record
        self.records.append(Record(optimizer))
        return self.records[-1]

    def unscale(self, optimizer):
        assert self.started, "nothing was scaled"
        record = self.record(optimizer)
        if record.stage is not Stage.READY:
            raise RuntimeError("too late")
        todo = [p.grad for p in optimizer.params if p.grad is not None]
        for grad in todo:
            if grad.dtype.itemsize == 2:
                raise ValueError("sixteen bits")
        inverse = np.float32(1.0 / self.value.astype(np.float64))
        for grad in todo:
            # x - x is 0 for finite numbers only.
            record.flags.append(bool((grad - grad != 0).any()))
            grad[...] = grad * inverse
        record.stage = Stage.UNSCALED

    def step(self, optimizer, *args, **kwargs):
        if "closure" in kwargs:
            raise RuntimeError("closures are not supported")
        assert self.started, "nothing was scaled"
        record = self.record(optimizer)
        if record.stage is Stage.STEPPED:
            raise RuntimeError("stepped already")
        if record.stage is Stage.READY:
            self.unscale(optimizer)
        assert record.flags, "no gradients"
        answer = None
        if not any(record.flags):
            answer = optimizer.step(*args, **kwargs)
        record.stage = Stage.STEPPED
        return answer

    def update(self, new_scale=None):
        assert self.started, "nothing was scaled"
        flags = [flag for record in self.records for flag in record.flags]
        if new_scale is not None:
            self.value.fill(new_scale)
        else:
            assert flags, "nothing was looked at"
            self.clean = 0 if any(flags) else self.clean + 1
            factor = self.backoff if any(flags) else 1.0
            if self.clean == self.interval:
                self.clean, factor = 0, self.growth
            wanted = np.float32(self.value.item() * factor)
            if wanted < np.inf:
                self.value.fill(wanted)
        self.records = []


# %% tags=["task"] task="mp_train_step"
def mp_train_step(params, batches, backward, scaler, optimizer, clip=None):
    """Add every gradient into one long float32 vector."""
    n = len(batches)
    if not n:
        raise ValueError("no batches")
    half = [p.value.astype("float16") for p in params]
    ends = np.cumsum([p.value.size for p in params])
    flat, used, mean = np.zeros(ends[-1], dtype=np.float32), set(), 0.0
    slots = [flat[e - p.value.size : e] for e, p in zip(ends, params, strict=True)]
    for batch in batches:
        loss, grads = backward(half, batch, scaler.scale(1 / n))
        mean += float(loss) / n
        for i, grad in enumerate(grads):
            if grad is not None:
                used.add(i)
                slots[i] += np.ravel(grad)
    for i, p in enumerate(params):
        p.grad = slots[i].reshape(p.value.shape) if i in used else None
    scaler.unscale(optimizer)
    if clip is not None:
        wide = [p.grad.astype(np.longdouble) for p in params if p.grad is not None]
        norm = np.sqrt(sum((g * g).sum() for g in wide))
        for p in params:
            if p.grad is not None and norm > clip:
                p.grad = (p.grad * np.float64(clip / norm)).astype(np.float32)
    scaler.step(optimizer)
    scaler.update()
    return mean


# %% tags=["task"] task="autocast_policy"
def autocast_policy(op, *dtypes):
    """Fall through the cases."""
    for dtype in dtypes:
        if dtype not in ("float16", "float32", "float64"):
            raise ValueError(dtype)
    if not dtypes:
        raise ValueError("no dtypes")
    match op:
        case "binary_cross_entropy":
            raise RuntimeError(op)
        case _ if "float64" in dtypes:
            return "float64"
        case "matmul" | "bmm" | "linear" | "conv2d" | "scaled_dot_product_attention":
            return "float16"
        case "exp" | "log" | "pow" | "rsqrt" | "sum" | "prod" | "cumsum" | "norm":
            return "float32"
        case "softmax" | "log_softmax" | "layer_norm" | "mse_loss" | "nll_loss":
            return "float32"
        case "binary_cross_entropy_with_logits":
            return "float32"
    return "float32" if "float32" in dtypes else "float16"


# %% tags=["task"] task="memory_model"
def memory_model(n_params, n_act, recipe, optimizer="adam"):
    """Start from bytes a number and add up."""
    if n_params < 0 or n_act < 0:
        raise ValueError("negative")
    try:
        small, wide, masters = {
            "float32": (4, 4, 0),
            "float16": (2, 2, 0),
            "mixed": (2, 4, 1),
        }[recipe]
        numbers = ["sgd", "momentum", "adam"].index(optimizer)
    except KeyError:
        raise ValueError(recipe) from None
    bytes_of = {"weights": small * n_params, "master": masters * wide * n_params}
    bytes_of["gradients"] = small * n_params
    bytes_of["optimizer"] = numbers * wide * n_params
    bytes_of["activations"] = small * n_act
    bytes_of["total"] = sum(bytes_of.values())
    return bytes_of


# %% tags=["task"] task="train"
def train(recipe, weights, backward, batches, lr, *, init=2.0**16, interval=2000):
    """Let each recipe be a function that takes one step."""
    scaler = LossScaler(init=init, interval=interval)
    made = [0]

    class Watched(SGD):
        def step(self):
            made[0] += 1
            super().step()

    def plain(batch):
        loss, grads = backward([p.value for p in params], batch, 1.0)
        for p, grad in zip(params, grads, strict=True):
            p.grad = grad
        optimizer.step()
        return loss

    def mixed(batch):
        return mp_train_step(params, (batch,), backward, scaler, optimizer)

    steps = {"float32": plain, "float16": plain, "mixed": mixed}
    if recipe not in steps:
        raise ValueError(recipe)
    kind = np.half if recipe == "float16" else np.single
    params = [Parameter(np.array(w).astype(kind)) for w in weights]
    optimizer = Watched(params, lr)
    losses, scales = [], []
    for batch in batches:
        losses.append(float(steps[recipe](batch)))
        scales.append(scaler.get_scale() if recipe == "mixed" else 1.0)
    return Run(losses, scales, len(losses) - made[0], [p.value for p in params])
