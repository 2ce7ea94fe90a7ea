# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---
# %% tags=["setup"]
from collections import defaultdict
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
def demand(bits, dtype):
    """Insist on the dtype."""
    if not hasattr(bits, "dtype") or bits.dtype != dtype or np.isscalar(bits):
        raise TypeError("wrong kind of bits")


def guarded(significand, places):
    """Round by guard, round-and-sticky and last bit, as hardware does."""
    kept = significand >> places
    guard = (significand >> (places - 1)) & 1
    sticky = (significand & ((1 << (places - 1)) - 1)) != 0
    return kept + (guard & (sticky | (kept & 1)))


# %% tags=["task"] task="f16_bits_to_f32"
def f16_bits_to_f32(bits):
    """Normalise subnormals by doubling, one place a turn."""
    demand(bits, np.uint16)
    wide = bits.astype(np.int64)
    exponent, fraction = wide >> 10 & 31, wide & 1023
    special = exponent == 31
    lost = (exponent == 0) & (fraction > 0)
    exponent = np.where(lost, 1, exponent)
    for _ in range(10):
        short = lost & (fraction < 1024)
        fraction = np.where(short, fraction * 2, fraction)
        exponent = np.where(short, exponent - 1, exponent)
    size = (exponent + 112) * 2**23 + (fraction % 1024) * 2**13
    size = np.where((wide & 0x7FFF) == 0, 0, size)
    size = np.where(special, 0x7F800000 + fraction * 2**13, size)
    size = np.where(special & (fraction > 0), size | 2**22, size)
    return (size + (wide >> 15) * 2**31).astype(np.uint32)


# %% tags=["task"] task="f32_to_f16_bits"
def f32_to_f16_bits(bits):
    """Take one exponent at a time: within it the shift is one number."""
    demand(bits, np.uint32)
    flat = bits.ravel().astype(np.int64)
    out = flat >> 31 << 15
    exponents, fractions = flat >> 23 & 255, flat & 0x7FFFFF
    for e in set(exponents.tolist()):
        here = exponents == e
        f = fractions[here]
        if e == 255:
            half = np.where(f > 0, 0x7E00 | (f >> 13), 0x7C00)
        elif e >= 143:
            half = np.full_like(f, 0x7C00)
        elif e >= 113:
            half = guarded(f + (e - 112 << 23), 13)
        elif e >= 102:
            half = guarded(f + 2**23, 126 - e)
        else:
            half = np.zeros_like(f)
        out[here] += half
    return out.astype(np.uint16).reshape(bits.shape)


# %% tags=["task"] task="f32_to_bf16_bits"
def f32_to_bf16_bits(bits):
    """Round the size, put the sign back."""
    demand(bits, np.uint32)
    size = bits.astype(np.int64) % 2**31
    near = np.where(size > 0x7F800000, size >> 16 | 64, guarded(size, 16))
    return (near + bits.astype(np.int64) // 2**31 * 2**15).astype(np.uint16)


# %%
class Low:
    """A number that rounds after every operation."""

    def __init__(self, value, dtype):
        if dtype == "bfloat16":
            pattern = np.float32(value).view(np.uint32).astype(np.int64)
            kept = np.uint32(guarded(pattern, 16) << 16)
            self.value = np.float32(kept.view(np.float32))
        else:
            self.value = np.dtype(dtype).type(value)
        self.dtype = dtype

    def __add__(self, other):
        return Low(np.float32(self.value) + np.float32(other.value), self.dtype)

    def __sub__(self, other):
        return Low(np.float32(self.value) - np.float32(other.value), self.dtype)


# %% tags=["task"] task="accumulate"
def accumulate(xs, dtype, how):
    """Let the numbers do the rounding."""
    if dtype not in {"float16", "bfloat16", "float32"}:
        raise ValueError("unknown dtype")
    if how not in {"naive", "pairwise", "kahan", "fp32"}:
        raise ValueError("unknown way")
    numbers = [Low(np.float32(x), dtype) for x in xs]
    if how == "fp32":
        numbers = [Low(x.value, "float32") for x in numbers]
    s = c = Low(0.0, "float32" if how == "fp32" else dtype)
    if how == "kahan":
        for x in numbers:
            y = x - c
            t = s + y
            c, s = (t - s) - y, t
        return float(s.value)

    def tree(xs):
        return xs[0] if len(xs) == 1 else tree(xs[: len(xs) // 2]) + rest(xs)

    def rest(xs):
        return tree(xs[len(xs) // 2 :])

    if how == "pairwise":
        return float(tree(numbers).value) if numbers else 0.0
    return float(sum(numbers, s).value)


# %% tags=["task"] task="underflow_report"
def underflow_report(grads, scale=1.0):
    """Count what is left after each sieve."""
    values = [v for g in grads for v in np.asarray(g, np.float32).ravel()]
    values = np.array(values, dtype=np.float32)
    alive = values[values != 0]  # NaN differs from zero too
    cast = np.float16(alive * np.float32(scale))
    finite = cast[np.isfinite(cast)]
    left = finite[finite != 0]
    tiny = np.finfo(np.float16).tiny
    small = int((abs(left) < tiny).sum())
    return Underflow(
        zero=values.size - alive.size,
        zeroed=finite.size - left.size,
        subnormal=small,
        normal=left.size - small,
        inf=cast.size - finite.size,
    )


# %% tags=["task"] task="best_scale"
def best_scale(grads):
    """Double or halve until it fits as tightly as possible."""
    top = 0.0
    for g in grads:
        if not (np.abs(g) < np.inf).all():
            raise ValueError("infinite or NaN")
        top = max([top, *np.abs(np.ravel(g)).astype(float)])
    s = 1.0
    if top:
        while top * s > 65504:
            s /= 2
        while s < 2.0**127 and top * s * 2 <= 65504:
            s *= 2
    return s


# %%
def fresh():
    """Return what is known of an optimizer at the start of an iteration."""
    return {"unscaled": False, "stepped": False, "finite": []}


# %% tags=["task"] task="LossScaler"
class LossScaler:
    """A scale that is None until it is needed, and flags for each optimizer."""

    def __init__(self, init=65536.0, growth=2.0, backoff=0.5, interval=2000):
        if growth <= 1.0:
            raise AssertionError("growth")
        if backoff >= 1.0:
            raise AssertionError("backoff")
        self._init, self._scale, self._streak = float(init), None, 0
        self._rules = {"growth": growth, "backoff": backoff, "interval": interval}
        self._of = defaultdict(fresh)

    def _now(self):
        if self._scale is None:
            raise AssertionError("scale something first")
        return self._scale

    def get_scale(self):
        return self._init if self._scale is None else float(self._scale)

    def get_tracker(self):
        return self._streak

    def scale(self, outputs):
        if isinstance(outputs, (list, tuple)):
            return type(outputs)([self.scale(o) for o in outputs])
        if not isinstance(outputs, (int, float, np.number, np.ndarray)):
            raise ValueError("cannot be scaled")
        if getattr(outputs, "shape", ()) and outputs.dtype != np.float32:
            raise ValueError("cannot be scaled")
        if self._scale is None:
            self._scale = np.float32(self._init)
        if isinstance(outputs, np.ndarray):
            return outputs * self._scale
        return float(np.float32(outputs) * self._scale)

    def unscale(self, optimizer):
        factor = np.float32(1 / np.float64(self._now()))
        mine = self._of[id(optimizer)]
        if mine["stepped"] or mine["unscaled"]:
            raise RuntimeError("unscale before step, and once")
        arrays = [p.grad for p in optimizer.params]
        for a in arrays:
            if a is not None and a.dtype == "float16":
                raise ValueError("float16")
        mine["finite"] = [np.isfinite(a).all() for a in arrays if a is not None]
        for a in arrays:
            if a is not None:
                a[...] *= factor
        mine["unscaled"] = True

    def step(self, optimizer, *args, **kwargs):
        if "closure" in kwargs:
            raise RuntimeError("closure")
        self._now()
        mine = self._of[id(optimizer)]
        if mine["stepped"]:
            raise RuntimeError("once")
        if not mine["unscaled"]:
            self.unscale(optimizer)
        if not mine["finite"]:
            raise AssertionError("no gradients")
        mine["stepped"] = True
        if all(mine["finite"]):
            return optimizer.step(*args, **kwargs)
        return None

    def update(self, new_scale=None):
        scale = self._now()
        finite = [ok for mine in self._of.values() for ok in mine["finite"]]
        if new_scale is not None:
            scale = np.float32(new_scale)
        elif not finite:
            raise AssertionError("nothing was looked at")
        elif not all(finite):
            scale, self._streak = (
                np.float32(scale * np.float64(self._rules["backoff"])),
                0,
            )
        elif self._streak + 1 == self._rules["interval"]:
            larger = np.float32(scale * np.float64(self._rules["growth"]))
            scale, self._streak = (scale if np.isinf(larger) else larger), 0
        else:
            self._streak += 1
        self._scale = scale
        self._of.clear()


# %% tags=["task"] task="mp_train_step"
def mp_train_step(params, batches, backward, scaler, optimizer, clip=None):
    """Add up into a dictionary; clip by a factor for all."""
    if len(batches) < 1:
        raise ValueError("nothing to do")
    copies = [np.array(p.value, dtype=np.float16) for p in params]
    share = scaler.scale(1.0) / len(batches)
    total, losses = {}, []
    for batch in batches:
        loss, grads = backward(copies, batch, share)
        losses.append(loss)
        for k, g in enumerate(grads):
            if g is None:
                continue
            total[k] = np.asarray(np.add(total.get(k, 0), g, dtype=np.float32))
    for k, p in enumerate(params):
        p.grad = total.get(k)
    if clip is not None:
        scaler.unscale(optimizer)
        rows = [total[k].astype(np.float64).ravel() for k in total]
        norm = np.linalg.norm(np.concatenate([np.zeros(1), *rows]))
        if norm > clip:
            for g in total.values():
                g *= clip / norm
    scaler.step(optimizer)
    scaler.update()
    return float(np.mean(losses))


# %% tags=["task"] task="autocast_policy"
class Rules(NamedTuple):
    """Operations by what autocast does to them."""

    down: frozenset[str]
    up: frozenset[str]


RULES = Rules(
    frozenset({"matmul", "bmm", "linear", "conv2d", "scaled_dot_product_attention"}),
    frozenset(
        {"exp", "log", "pow", "rsqrt", "sum", "prod", "cumsum", "norm", "softmax"}
        | {"log_softmax", "layer_norm", "mse_loss", "nll_loss"}
        | {"binary_cross_entropy_with_logits"}
    ),
)


def autocast_policy(op, *dtypes):
    """Promote as NumPy does, then follow the rules."""
    if op == "binary_cross_entropy":
        raise RuntimeError("refused")
    if not dtypes or not all(d in ("float16", "float32", "float64") for d in dtypes):
        raise ValueError("dtypes")
    widest = np.result_type(*dtypes).name
    if widest != "float64":
        widest = "float16" if op in RULES.down else widest
        widest = "float32" if op in RULES.up else widest
    return widest


# %% tags=["task"] task="memory_model"
def memory_model(n_params, n_act, recipe, optimizer="adam"):
    """Count in units of two bytes."""
    recipes, optimizers = ("float16", "float32", "mixed"), ("sgd", "momentum", "adam")
    if recipe not in recipes or optimizer not in optimizers:
        raise ValueError("unknown")
    if n_params < 0 or n_act < 0:
        raise ValueError("negative")
    half = 2 if recipe == "float32" else 1
    state = 1 if recipe == "float16" else 2
    found = {
        "weights": 2 * half * n_params,
        "master": 4 * n_params * (recipe == "mixed"),
        "gradients": 2 * half * n_params,
        "optimizer": 2 * state * n_params * optimizers.index(optimizer),
        "activations": 2 * half * n_act,
    }
    found["total"] = sum(found.values())
    return found


# %% tags=["task"] task="train"
def train(recipe, weights, backward, batches, lr, *, init=2.0**16, interval=2000):
    """Write each recipe out."""
    losses, scales, taken = [], [], []

    class Noting(SGD):
        def step(self):
            taken.append(len(losses))
            SGD.step(self)

    if recipe == "mixed":
        params = [Parameter(np.float32(w)) for w in weights]
        sgd, scaler = Noting(params, lr), LossScaler(init=init, interval=interval)
        for batch in batches:
            loss = mp_train_step(params, [batch], backward, scaler, sgd)
            losses.append(loss)
            scales.append(scaler.get_scale())
        skipped = len(losses) - len(taken)
        return Run(losses, scales, skipped, [p.value for p in params])
    if recipe not in ("float32", "float16"):
        raise ValueError(f"no recipe {recipe}")
    now = [np.array(w, dtype=recipe) for w in weights]
    for batch in batches:
        loss, grads = backward([w.copy() for w in now], batch, 1.0)
        losses.append(float(loss))
        for k, g in enumerate(grads):
            if g is not None:
                now[k] = now[k] - float(lr) * g
    return Run(losses, [1.0] * len(losses), 0, now)
