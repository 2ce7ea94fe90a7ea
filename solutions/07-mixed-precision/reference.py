# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---
# %% tags=["setup"]
import math
from collections.abc import Callable, Iterable, Sequence
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
def checked(bits: np.ndarray, dtype: type) -> np.ndarray:
    """Refuse anything but an array of bit patterns; return them as uint32."""
    if not isinstance(bits, np.ndarray) or bits.dtype != dtype:
        raise TypeError(f"bits must be a {np.dtype(dtype)} array")
    return bits.astype(np.uint32)


def rounded_off(value: np.ndarray, shift: int | np.ndarray) -> np.ndarray:
    """Shift right by one bit or more; round to nearest, ties to even.

    Adding half of the last place less one carries just when more than half is cut off.
    The bit that becomes the last one, added too, makes a tie carry where it is odd.
    """
    one = np.uint32(1)
    shift = np.asarray(shift, dtype=np.uint32)
    half = (one << shift) >> one
    return (value + half - one + ((value >> shift) & one)) >> shift


# %% tags=["task"] task="f16_bits_to_f32"
def f16_bits_to_f32(bits: np.ndarray) -> np.ndarray:
    """Widen float16 bit patterns to float32 bit patterns: exact for every number."""
    bits = checked(bits, np.uint16)
    # (1) Three fields.
    sign = (bits & 0x8000) << 16
    exponent = (bits >> 10) & 0x1F
    fraction = bits & 0x3FF
    # (2) Normal numbers: the bias grows from 15 to 127, the fraction gains 13 bits.
    wide = ((exponent + 112) << 23) | (fraction << 13)
    # (3) Infinities and NaNs: all ones stay all ones; a NaN becomes quiet.
    quiet = np.where(fraction != 0, np.uint32(0x400000), np.uint32(0))
    wide = np.where(exponent == 31, 0x7F800000 | (fraction << 13) | quiet, wide)
    # (4) Subnormals are fraction * 2**-24: shift until the leading one falls off the
    # left end; each place costs one in the exponent.
    place = np.zeros_like(fraction)
    for k in range(10):
        place = np.where(fraction >> k != 0, np.uint32(k), place)
    tail = (fraction << (10 - place)) & 0x3FF
    small = ((place + 103) << 23) | (tail << 13)
    wide = np.where(exponent == 0, np.where(fraction == 0, 0, small), wide)
    return (sign | wide).astype(np.uint32)


# %% tags=["task"] task="f32_to_f16_bits"
def f32_to_f16_bits(bits: np.ndarray) -> np.ndarray:
    """Round float32 bit patterns to float16 bit patterns, ties to even."""
    bits = checked(bits, np.uint32)
    sign = (bits >> 16) & 0x8000
    size = bits & 0x7FFFFFFF
    exponent, fraction = size >> 23, size & 0x7FFFFF
    # (1) Normal numbers: rebias, and cut 13 bits off. A carry out of the fraction goes
    # into the exponent, which is right: 1.111...1 rounds to 10.0.
    normal = rounded_off(size - np.uint32(112 << 23), 13)
    # (2) From the largest exponent on: infinity, whether it was so or rounded up to it.
    normal = np.where(size >= 143 << 23, np.uint32(0x7C00), normal)
    # (3) Subnormals count steps of 2**-24. Past 25 places nothing is left to round.
    places = np.clip(126 - exponent.astype(np.int64), 14, 25)
    small = rounded_off(fraction | 0x800000, places)
    half = np.where(exponent >= 113, normal, small)
    # (4) NaN: what fits of the payload, made quiet.
    half = np.where(size > 0x7F800000, 0x7E00 | (fraction >> 13), half)
    return (sign | half).astype(np.uint16)


# %% tags=["task"] task="f32_to_bf16_bits"
def f32_to_bf16_bits(bits: np.ndarray) -> np.ndarray:
    """Round float32 bit patterns to bfloat16 bit patterns, ties to even."""
    bits = checked(bits, np.uint32)
    # (1) The same exponent, so that rounding is all: a carry may reach infinity.
    near = rounded_off(bits, 16)
    # (2) Rounding a NaN could carry into the sign, cutting it could leave infinity.
    is_nan = (bits & 0x7FFFFFFF) > 0x7F800000
    return np.where(is_nan, (bits >> 16) | 0x40, near).astype(np.uint16)


# %%
def to_bfloat16(x: float) -> np.float32:
    """Round one number to bfloat16, kept in a float32."""
    bits = f32_to_bf16_bits(bits_of([x]))
    return floats_of(bits.astype(np.uint32) << 16)[0]


ROUND = {"float16": np.float16, "bfloat16": to_bfloat16, "float32": np.float32}


# %% tags=["task"] task="accumulate"
def accumulate(xs: Sequence[float], dtype: str, how: str) -> float:
    """Add numbers up in low precision."""
    if dtype not in ROUND or how not in ("naive", "pairwise", "kahan", "fp32"):
        raise ValueError(f"unknown dtype {dtype!r} or way {how!r}")

    def near(x: float) -> np.float32:
        # A float32 sum of two such numbers, rounded again, is the sum rounded once:
        # 24 bits are at least twice 11, and two more.
        return np.float32(ROUND[dtype](x))

    values = [near(x) for x in xs]
    total = correction = np.float32(0)
    if how == "pairwise":
        return float(halves(values, near)) if values else 0.0
    for x in values:
        if how == "fp32":
            total = total + x
        elif how == "naive":
            total = near(total + x)
        else:
            # What x has to make up for, the sum, and what the sum took too much.
            y = near(x - correction)
            bigger = near(total + y)
            correction = near(near(bigger - total) - y)
            total = bigger
    return float(total)


def halves(values: list[np.float32], near: Callable[[float], np.float32]) -> np.float32:
    """Sum the first half and the rest, each the same way."""
    n = len(values)
    if n == 1:
        return values[0]
    return near(halves(values[: n // 2], near) + halves(values[n // 2 :], near))


# %%
def flattened(grads: Iterable[np.ndarray]) -> np.ndarray:
    """Put every value of every array into one float32 vector."""
    parts = [np.asarray(g, dtype=np.float32).ravel() for g in grads]
    return np.concatenate([np.zeros(0, dtype=np.float32), *parts])


# %% tags=["task"] task="underflow_report"
def underflow_report(grads: Sequence[np.ndarray], scale: float = 1.0) -> Underflow:
    """Count what a cast to float16 does to gradients times a scale."""
    values = flattened(grads)
    half = np.abs((values * np.float32(scale)).astype(np.float16))
    zero = values == 0
    places = (
        zero,
        (half == 0) & ~zero,
        (half > 0) & (half < np.float16(2**-14)),
        (half >= np.float16(2**-14)) & np.isfinite(half),
        ~np.isfinite(half) & ~zero,  # 0 times an infinite scale is NaN
    )
    return Underflow(*(int(np.count_nonzero(place)) for place in places))


# %% tags=["task"] task="best_scale"
def best_scale(grads: Sequence[np.ndarray]) -> float:
    """Return the largest power of two S with |g| * S <= 65504 for every gradient g."""
    values = flattened(grads)
    if not np.isfinite(values).all():
        raise ValueError("a gradient is infinite or NaN")
    largest = float(np.max(np.abs(values), initial=0.0))
    if largest == 0:
        return 1.0
    # frexp: 65504 / largest = m * 2**e with 1/2 <= m < 1, so 2**(e - 1) fits.
    exponent = math.frexp(65504 / largest)[1] - 1
    return 2.0 ** min(exponent, 127)


# %% tags=["task"] task="LossScaler"
class LossScaler:
    """Dynamic loss scaling."""

    def __init__(
        self,
        init: float = 2.0**16,
        growth: float = 2.0,
        backoff: float = 0.5,
        interval: int = 2000,
    ) -> None:
        if growth <= 1:
            raise AssertionError("the growth factor must be greater than 1")
        if backoff >= 1:
            raise AssertionError("the backoff factor must be less than 1")
        self._scale = np.float32(init)
        self._growth, self._backoff = growth, backoff
        self._interval, self._tracker = interval, 0
        self._in_use = False
        # Of each optimizer, by identity: its stage, and whether it met an inf or a NaN
        # (None where there was nothing to look at).
        self._stage: dict[int, str] = {}
        self._found: dict[int, bool | None] = {}

    def get_scale(self) -> float:
        """Return the scale, a Python float."""
        return float(self._scale)

    def get_tracker(self) -> int:
        """Return how many clean iterations there were since the scale last changed."""
        return self._tracker

    def scale(self, outputs: Any) -> Any:
        """Return outputs times the scale, computed in float32."""
        if isinstance(outputs, (list, tuple)):
            return type(outputs)(self.scale(item) for item in outputs)
        if isinstance(outputs, np.ndarray) and outputs.dtype == np.float32:
            self._in_use = True
            return outputs * self._scale
        if isinstance(outputs, (int, float, np.number)):
            self._in_use = True
            return float(np.float32(outputs) * self._scale)
        raise ValueError("outputs must be numbers, float32 arrays, lists or tuples")

    def unscale(self, optimizer: Any) -> None:
        """Divide the optimizer's gradients by the scale, in place, and look at them."""
        self._require_use("unscale")
        # (1) Once in an iteration, and before the step.
        if id(optimizer) in self._stage:
            stage = self._stage[id(optimizer)]
            raise RuntimeError(f"this optimizer is {stage} already since update()")
        grads = [p.grad for p in optimizer.params if p.grad is not None]
        if any(grad.dtype == np.float16 for grad in grads):
            raise ValueError("attempting to unscale float16 gradients")
        # (2) Look before multiplying: inf * 0 and overflow would tell another story.
        found = None
        if grads:
            found = not all(np.isfinite(grad).all() for grad in grads)
        inverse = np.float32(1 / np.float64(self._scale))
        for grad in grads:
            grad *= inverse
        self._stage[id(optimizer)] = "unscaled"
        self._found[id(optimizer)] = found

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """Let the optimizer step, unless one of *its* gradients was infinite or NaN."""
        if "closure" in kwargs:
            raise RuntimeError("a closure would compute gradients that are not scaled")
        self._require_use("step")
        if self._stage.get(id(optimizer)) == "stepped":
            raise RuntimeError("step() was called already since the last update()")
        if id(optimizer) not in self._stage:
            self.unscale(optimizer)
        found = self._found[id(optimizer)]
        if found is None:
            raise AssertionError("this optimizer has no gradients to look at")
        result = None if found else optimizer.step(*args, **kwargs)
        self._stage[id(optimizer)] = "stepped"
        return result

    def update(self, new_scale: float | None = None) -> None:
        """End the iteration: set the scale, and make every optimizer ready again."""
        self._require_use("update")
        if new_scale is not None:
            self._scale = np.float32(new_scale)
        else:
            self._adjust([found for found in self._found.values() if found is not None])
        self._stage, self._found = {}, {}

    def _adjust(self, founds: list[bool]) -> None:
        """Back off after any inf or NaN; grow after `interval` clean iterations."""
        if not founds:
            raise AssertionError("no gradient was looked at since the last update()")
        if any(founds):
            self._scale = np.float32(float(self._scale) * self._backoff)
            self._tracker = 0
            return
        self._tracker += 1
        if self._tracker == self._interval:
            grown = np.float32(float(self._scale) * self._growth)
            if np.isfinite(grown):
                self._scale = grown
            self._tracker = 0

    def _require_use(self, what: str) -> None:
        if not self._in_use:
            raise AssertionError(f"{what}() before anything was scaled")


# %% tags=["task"] task="mp_train_step"
def mp_train_step(
    params: list[Parameter],
    batches: Sequence[Any],
    backward: Backward,
    scaler: LossScaler,
    optimizer: Any,
    clip: float | None = None,
) -> float:
    """Take one step in mixed precision; return the mean loss over the batches."""
    if len(batches) == 0:
        raise ValueError("a step needs at least one batch")
    # (1) The copies that compute; the master weights stay in float32.
    weights = [p.value.astype(np.float16) for p in params]
    for p in params:
        p.grad = None
    # (2) Scale before the backward pass, where small gradients would be lost; add up
    # after it, in float32. A sum of arrays without axes is none: make it one again.
    losses = []
    for batch in batches:
        loss, grads = backward(weights, batch, scaler.scale(1 / len(batches)))
        losses.append(float(loss))
        for p, grad in zip(params, grads, strict=True):
            if grad is not None:
                wide = np.asarray(grad).astype(np.float32)
                p.grad = wide if p.grad is None else np.asarray(p.grad + wide)
    # (3) A norm means something only without the scale.
    scaler.unscale(optimizer)
    if clip is not None:
        clip_to(clip, [p.grad for p in params if p.grad is not None])
    # (4) The scaler decides.
    scaler.step(optimizer)
    scaler.update()
    return sum(losses) / len(losses)


def clip_to(clip: float, grads: list[np.ndarray]) -> None:
    """Shorten gradients in place where their common norm exceeds clip."""
    norm = math.sqrt(sum(float(np.sum(np.float64(g) ** 2)) for g in grads))
    if norm > clip:
        for grad in grads:
            grad *= np.float32(clip / norm)


# %% tags=["task"] task="autocast_policy"
HALF_OPS = ("matmul", "bmm", "linear", "conv2d", "scaled_dot_product_attention")
FLOAT_OPS = (
    *("exp", "log", "pow", "rsqrt", "sum", "prod", "cumsum", "norm", "softmax"),
    *("log_softmax", "layer_norm", "mse_loss", "nll_loss"),
    "binary_cross_entropy_with_logits",
)
WIDTHS = ("float16", "float32", "float64")


def autocast_policy(op: str, *dtypes: str) -> str:
    """Return the dtype in which autocast runs an operation."""
    if op == "binary_cross_entropy":
        raise RuntimeError("binary_cross_entropy is unsafe: use ..._with_logits")
    if not dtypes or not set(dtypes) <= set(WIDTHS):
        raise ValueError("dtypes must be float16, float32 or float64, one or more")
    widest = max(dtypes, key=WIDTHS.index)
    if widest == "float64":
        return widest
    if op in HALF_OPS:
        return "float16"
    return "float32" if op in FLOAT_OPS else widest


# %% tags=["task"] task="memory_model"
def memory_model(
    n_params: int, n_act: int, recipe: str, optimizer: str = "adam"
) -> dict[str, int]:
    """Count the bytes that training holds."""
    if recipe not in ("float32", "float16", "mixed"):
        raise ValueError(f"unknown recipe {recipe!r}")
    if optimizer not in ("sgd", "momentum", "adam"):
        raise ValueError(f"unknown optimizer {optimizer!r}")
    if n_params < 0 or n_act < 0:
        raise ValueError("there are no negative numbers of weights or activations")
    compute = 4 if recipe == "float32" else 2
    state = 2 if recipe == "float16" else 4
    kept = {"sgd": 0, "momentum": 1, "adam": 2}[optimizer]
    parts = {
        "weights": compute * n_params,
        "master": 4 * n_params if recipe == "mixed" else 0,
        "gradients": compute * n_params,
        "optimizer": state * kept * n_params,
        "activations": compute * n_act,
    }
    return {**parts, "total": sum(parts.values())}


# %%
class CountedSGD(SGD):
    """Gradient descent that counts its steps, so that skipped ones show."""

    steps = 0

    def step(self) -> None:
        """Take one step."""
        self.steps += 1
        super().step()


# %% tags=["task"] task="train"
def train(
    recipe: str,
    weights: Sequence[np.ndarray],
    backward: Backward,
    batches: Sequence[Any],
    lr: float,
    *,
    init: float = 2.0**16,
    interval: int = 2000,
) -> Run:
    """Train with plain gradient descent (`SGD`), one step for each batch."""
    if recipe not in ("float32", "float16", "mixed"):
        raise ValueError(f"unknown recipe {recipe!r}")
    dtype = np.float16 if recipe == "float16" else np.float32
    params = [Parameter(np.asarray(w).astype(dtype)) for w in weights]
    optimizer = CountedSGD(params, lr)
    scaler = LossScaler(init=init, interval=interval)
    losses, scales = [], []
    for batch in batches:
        if recipe == "mixed":
            loss = mp_train_step(params, [batch], backward, scaler, optimizer)
        else:
            loss, grads = backward([p.value for p in params], batch, 1.0)
            for p, grad in zip(params, grads, strict=True):
                p.grad = grad
            optimizer.step()
        losses.append(float(loss))
        scales.append(scaler.get_scale() if recipe == "mixed" else 1.0)
    skipped = len(losses) - optimizer.steps
    return Run(losses, scales, skipped, [p.value for p in params])
