# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---
# %% [markdown]
# # Mixed precision: sixteen bits that train like thirty-two
# Read the [chapter](index.md) first; each task names its step there. `check("train")`
# runs the public tests of one task. The grader runs more tests, on other inputs: ties,
# subnormals, infinities, NaNs. Cells marked *explore* are yours and are never graded.
# The file is long because it holds the scaler's rules in full.

# %% tags=["setup"]
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograder.student import attempt, check

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
    subnormal: int  # of size below 2**-14 and not zero after the cast
    normal: int
    inf: int  # infinite or NaN after the cast


class Run(NamedTuple):
    """What `train` returns."""

    losses: list[float]  # before each step
    scales: list[float]  # after each step; 1.0 where nothing is scaled
    skipped: int  # steps that left every weight as it was, because of an inf or a NaN
    weights: list[np.ndarray]  # at the end


# %% [markdown]
# ## 1. `f16_bits_to_f32`
# Chapter, step 1. Bits in, bits out, and integer operations in between: NumPy's casts
# are what you are rebuilding. The grader reads the source of tasks 1 and 2, which may
# not name float16, and sends a hundred thousand patterns at once: work on whole arrays.


# %% tags=["task"] task="f16_bits_to_f32"
def f16_bits_to_f32(bits: np.ndarray) -> np.ndarray:
    """Widen float16 bit patterns to float32 bit patterns: exact for every number.

    Args:
        bits: uint16, one axis or more, perhaps empty.

    Returns:
        uint32, the same shape. Subnormals become normal numbers; both zeros and both
        infinities keep their sign. A NaN keeps its sign and its ten payload bits, which
        move to the top of the wider fraction, and becomes quiet: the highest bit of
        the fraction is set. (NumPy leaves that bit alone: compare no NaN with its.)

    Raises:
        TypeError: bits is not a uint16 array, but a list, say, a number, or int16.
    """
    raise NotImplementedError("f16_bits_to_f32: chapter, step 1")


# %% tags=["explore"]
with attempt():
    patterns = np.array([0x0001, 0x03FF, 0x0400, 0x3C00, 0x7BFF], dtype=np.uint16)
    print(floats_of(f16_bits_to_f32(patterns)))

# %% tags=["check"]
check("f16_bits_to_f32")

# %% [markdown]
# ## 2. `f32_to_f16_bits`
# Chapter, step 2. Round to nearest, ties to even, with integer operations only.


# %% tags=["task"] task="f32_to_f16_bits"
def f32_to_f16_bits(bits: np.ndarray) -> np.ndarray:
    """Round float32 bit patterns to float16 bit patterns, ties to even.

    Args:
        bits: uint32, one axis or more, perhaps empty.

    Returns:
        uint16, the same shape. From 65520 on, where rounding would need a larger
        exponent, infinity; below 2**-14 subnormals, in steps of 2**-24; 2**-25 and
        below, zero. The sign is kept, that of zero included. A NaN keeps its sign and
        the ten highest bits of its payload and becomes quiet (highest fraction bit
        set), so that no NaN turns into an infinity. (NumPy's NaNs differ here too.)

    Raises:
        TypeError: bits is not a uint32 array, but a list, say, a number, or int32.
    """
    raise NotImplementedError("f32_to_f16_bits: chapter, step 2")


# %% tags=["explore"]
with attempt():
    for number in (0.1, 2048.0, 2049.0, 2051.0, 65519.0, 65520.0, 2**-24, 2**-25):
        print(f"{number:12g} -> {f32_to_f16_bits(bits_of([number]))[0]:04x}")

# %% tags=["check"]
check("f32_to_f16_bits")

# %% [markdown]
# ## 3. `f32_to_bf16_bits`
# Chapter, step 2. bfloat16 is the upper half of a float32: rounding is all there is.


# %% tags=["task"] task="f32_to_bf16_bits"
def f32_to_bf16_bits(bits: np.ndarray) -> np.ndarray:
    """Round float32 bit patterns to bfloat16 bit patterns, ties to even.

    Args:
        bits: uint32, one axis or more, perhaps empty.

    Returns:
        uint16, the same shape: the upper sixteen bits of the nearest bfloat16. The
        largest float32 numbers become infinite, subnormals stay subnormal. A NaN keeps
        its sign and the seven highest bits of its payload and becomes quiet.

    Raises:
        TypeError: bits is not a uint32 array, but a list, say, a number, or int32.
    """
    raise NotImplementedError("f32_to_bf16_bits: chapter, step 2")


# %% tags=["explore"]
with attempt():
    for number in (0.1, 256.0, 257.0, 3.39e38, 3.4e38):
        print(f"{number:12g} -> {f32_to_bf16_bits(bits_of([number]))[0]:04x}")

# %% tags=["check"]
check("f32_to_bf16_bits")

# %% [markdown]
# ## 4. `accumulate`
# Chapter, step 3. One sum, four ways. Every number is first rounded to `dtype`; then
# *every* addition and subtraction is rounded to `dtype`, except in "fp32".


# %% tags=["task"] task="accumulate"
def accumulate(xs: Sequence[float], dtype: str, how: str) -> float:
    """Add numbers up in low precision.

    Args:
        xs: n finite numbers, a list, a tuple or an array; n is at most 1,000 and may
            be 0: the sum is then 0.0. A number that is no float32 may be rounded to
            `dtype` at once, or to float32 first: no test tells them apart.
        dtype: "float16", "bfloat16" or "float32".
        how: "naive": from left to right, starting at 0. "pairwise": a single number is
            its own sum; else the sum of the first n // 2 plus the sum of the rest.
            "kahan": from left to right with a correction c, both starting at 0: for
            each x, y = x - c, t = s + y, c = (t - s) - y, s = t. "fp32": from left to
            right in float32, of the numbers as `dtype` rounded them; the sum is not
            rounded to `dtype` again.

    Returns:
        A Python float. Overflow gives what the operations give: inf, or NaN.

    Raises:
        ValueError: unknown dtype or way.
    """
    raise NotImplementedError("accumulate: chapter, step 3")


# %% tags=["explore"]
with attempt():
    for dtype in ("float16", "bfloat16", "float32"):
        for how in ("naive", "pairwise", "kahan", "fp32"):
            total = accumulate([0.01] * 1000, dtype, how)
            print(f"1000 x 0.01, {dtype:8} {how:8} {total:.5f}")

# %% tags=["check"]
check("accumulate")

# %% [markdown]
# ## 5. `underflow_report`
# Chapter, step 4. What does a scale save, and what does it break?


# %% tags=["task"] task="underflow_report"
def underflow_report(grads: Sequence[np.ndarray], scale: float = 1.0) -> Underflow:
    """Count what a cast to float16 does to gradients times a scale.

    Args:
        grads: float32 arrays of any shapes, perhaps empty, perhaps none. They stay as
            they were.
        scale: rounded to float32, where it may be infinite, and then multiplied onto
            each value in float32, before the cast.

    Returns:
        An Underflow of Python ints: every value of every array counts in exactly one
        place. What was zero before counts as `zero`, whatever the scale.
    """
    raise NotImplementedError("underflow_report: chapter, step 4")


# %% tags=["explore"]
with attempt():
    small = np.random.default_rng(0).normal(size=10000).astype(np.float32) * 2**-20
    for exponent in (0, 3, 7, 16, 36):
        print(f"scale 2**{exponent:<2}", underflow_report([small], 2.0**exponent))

# %% tags=["check"]
check("underflow_report")

# %% [markdown]
# ## 6. `best_scale`
# Chapter, step 4. As large as possible, and no larger.


# %% tags=["task"] task="best_scale"
def best_scale(grads: Sequence[np.ndarray]) -> float:
    """Return the largest power of two S with |g| * S <= 65504 for every gradient g.

    Args:
        grads: float32 arrays of any shapes, perhaps empty, perhaps none.

    Returns:
        A Python float, at most 2.0**127, the largest power of two in float32. Where no
        gradient differs from zero, 1.0.

    Raises:
        ValueError: a gradient is infinite or NaN.
    """
    raise NotImplementedError("best_scale: chapter, step 4")


# %% tags=["explore"]
with attempt():
    print(best_scale([np.array([1e-7, -3e-4], dtype=np.float32)]), "want 2**27")

# %% tags=["check"]
check("best_scale")

# %% [markdown]
# ## 7. `LossScaler`
# Chapter, step 5: the state machine, with the rules of `torch.amp.GradScaler`. An
# optimizer is any object with `params`, a list of `Parameter`, and a method `step`.
#
# The scale is one float32 number, shared by all optimizers. An *iteration* ends with
# `update`. Within it each optimizer, known by its identity, is first *ready*, then
# *unscaled*, then *stepped*.


# %% tags=["task"] task="LossScaler"
class LossScaler:
    """Dynamic loss scaling.

    Args:
        init: the first scale.
        growth: factor after `interval` clean iterations in a row.
        backoff: factor after an iteration with an infinity or a NaN.
        interval: how many clean iterations it takes.

    Raises:
        AssertionError: growth <= 1, or backoff >= 1.
    """

    def __init__(
        self,
        init: float = 2.0**16,
        growth: float = 2.0,
        backoff: float = 0.5,
        interval: int = 2000,
    ) -> None:
        raise NotImplementedError("LossScaler: chapter, step 5")

    def get_scale(self) -> float:
        """Return the scale, a Python float."""
        raise NotImplementedError("LossScaler.get_scale: chapter, step 5")

    def get_tracker(self) -> int:
        """Return how many clean iterations there were since the scale last changed."""
        raise NotImplementedError("LossScaler.get_tracker: chapter, step 5")

    def scale(self, outputs: Any) -> Any:
        """Return outputs times the scale, computed in float32.

        A number (int, float, or one of NumPy's) gives a Python float, a float32 array
        of one axis or more a new float32 array, a list or a tuple of outputs (nested as
        you like) one of the same kind. Until the first number or array was scaled, the
        three methods below raise AssertionError.

        Raises:
            ValueError: outputs, or something in it, is none of these: a str, None, an
                array of another dtype.
        """
        raise NotImplementedError("LossScaler.scale: chapter, step 5")

    def unscale(self, optimizer: Any) -> None:
        """Divide the optimizer's gradients by the scale, in place, and look at them.

        Multiplies each float32 gradient by the float32 nearest to 1 / scale (infinite
        for a scale of 0), and notes whether any value was infinite or NaN *before*
        that. Gradients that are None are passed over. The optimizer is then unscaled.

        Raises:
            RuntimeError: the optimizer is unscaled or stepped already.
            ValueError: a gradient is float16. No gradient has changed then, and the
                optimizer is not unscaled.
        """
        raise NotImplementedError("LossScaler.unscale: chapter, step 5")

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """Let the optimizer step, unless one of *its* gradients was infinite or NaN.

        Unscales first where that was not done. Passes args and kwargs on to
        `optimizer.step` and returns what that returns; None where it is left out. The
        optimizer is then stepped. What `unscale` raises passes through.

        Raises:
            RuntimeError: the optimizer is stepped already; or there is an argument
                named `closure` (looked at before anything else).
            AssertionError: all of its gradients are None, so that nothing was looked
                at. It then stays unscaled.
        """
        raise NotImplementedError("LossScaler.step: chapter, step 5")

    def update(self, new_scale: float | None = None) -> None:
        """End the iteration: set the scale, and make every optimizer ready again.

        An infinity or a NaN in any optimizer: the scale is multiplied by `backoff` and
        the tracker becomes 0. Otherwise the tracker grows by one; when it reaches
        `interval` the scale is multiplied by `growth`, unless that is infinite in
        float32, and the tracker becomes 0 either way. A `new_scale` replaces the scale
        instead; the tracker stays, and nothing need have been looked at. A product is
        computed in Python's floats, then rounded to float32.

        Raises:
            AssertionError: no gradient was looked at since the last update. The
                optimizers are then what they were, not ready.
        """
        raise NotImplementedError("LossScaler.update: chapter, step 5")


# %% tags=["explore"]
with attempt():
    weight = Parameter(np.ones(1, dtype=np.float32))
    sgd, scaler = SGD([weight], lr=0.125), LossScaler(init=8.0, interval=3)
    for value in (1, 1, 1, np.inf, 1, 1, np.nan, 1, 1, 1):
        weight.grad = np.array([scaler.scale(float(value))], dtype=np.float32)
        scaler.step(sgd)
        scaler.update()
        print(f"({scaler.get_scale():g},{scaler.get_tracker()})", end=" ")

# %% tags=["check"]
check("LossScaler")

# %% [markdown]
# ## 8. `mp_train_step`
# Chapter, step 6: one step of the whole recipe. `batches` are the parts of one large
# batch: their gradients are added up before the optimizer steps once.


# %% tags=["task"] task="mp_train_step"
def mp_train_step(
    params: list[Parameter],
    batches: Sequence[Any],
    backward: Backward,
    scaler: LossScaler,
    optimizer: Any,
    clip: float | None = None,
) -> float:
    """Take one step in mixed precision; return the mean loss over the batches.

    1. Cast the float32 weights to float16, once: all batches are given the same arrays.
       The float32 weights are the master copy: nothing but the optimizer changes them.
    2. For each batch call `backward(weights, batch, number)`, where number is the
       scaled gradient of the mean loss with respect to this batch's loss. Add the
       gradients up in float32, in `p.grad`, starting from None: a gradient left over
       from the step before counts for nothing, and a parameter for which every batch
       gives None keeps None.
    3. Unscale. Then, with `clip`, where the norm over *all* gradients together exceeds
       `clip`, multiply each gradient by clip / norm. The norm is computed in float64,
       and nothing is added to it (torch adds 1e-6).
    4. Let the scaler step the optimizer, or skip it, and update the scale.

    Args:
        params: float32 parameters, those of the optimizer, in the order of weights.
        batches: what backward takes, one after the other.
        backward: see `Backward`; gradients come back in float16.
        scaler: a LossScaler.
        optimizer: an object with `params` and `step`.
        clip: the largest norm, 0 or more, or None for no limit.

    Returns:
        The mean of the losses that backward returned, computed as a Python float.

    Raises:
        ValueError: there are no batches. Nothing has changed or been scaled then.
        AssertionError: every gradient is None; it is the scaler that raises it.
    """
    raise NotImplementedError("mp_train_step: chapter, step 6")


# %% tags=["explore"]
with attempt():

    def square(weights, batch, number):
        """Return the loss (w * batch) ** 2 / 2 and its gradient, in half precision."""
        y = weights[0] * np.float16(batch)
        return float(y[0]) ** 2 / 2, [np.float16(number) * y * np.float16(batch)]

    weight = Parameter(np.ones(1, dtype=np.float32))
    sgd, scaler = SGD([weight], lr=0.5), LossScaler(init=1024.0)
    for _ in range(3):
        loss = mp_train_step([weight], [1.0, 0.5], square, scaler, sgd)
        print(f"loss {loss:.4f}, weight {weight.value[0]:.6f}")

# %% tags=["check"]
check("mp_train_step")

# %% [markdown]
# ## 9. `autocast_policy`
# Chapter, step 7: which operation runs in which precision. The names are torch's.


# %% tags=["task"] task="autocast_policy"
def autocast_policy(op: str, *dtypes: str) -> str:
    """Return the dtype in which autocast runs an operation.

    Args:
        op: where no input is float64, "matmul", "bmm", "linear", "conv2d" and
            "scaled_dot_product_attention" run in float16; "exp", "log", "pow", "rsqrt",
            "sum", "prod", "cumsum", "norm", "softmax", "log_softmax", "layer_norm",
            "mse_loss", "nll_loss" and "binary_cross_entropy_with_logits" in float32;
            any other ("relu", "add", "cat", ...) in the widest dtype that comes in.
        dtypes: those of the inputs, one or more: "float16", "float32", "float64".
            Autocast leaves float64 alone: where one is float64, so is the answer.
            (torch then refuses a product whose other input is not float64.)

    Raises:
        RuntimeError: op is "binary_cross_entropy", which autocast refuses.
        ValueError: no dtypes, or one that is none of the three, such as "bfloat16".
    """
    raise NotImplementedError("autocast_policy: chapter, step 7")


# %% tags=["explore"]
with attempt():
    for op in ("linear", "softmax", "relu", "add"):
        print(f"{op:8}", autocast_policy(op, "float32", "float16"))

# %% tags=["check"]
check("autocast_policy")

# %% [markdown]
# ## 10. `memory_model`
# Chapter, step 7: where the bytes go.


# %% tags=["task"] task="memory_model"
def memory_model(
    n_params: int, n_act: int, recipe: str, optimizer: str = "adam"
) -> dict[str, int]:
    """Count the bytes that training holds.

    Args:
        n_params: number of weights, 0 or more.
        n_act: number of activations kept for the backward pass, 0 or more.
        recipe: "float32": everything in four bytes. "float16": everything in two.
            "mixed": weights, gradients and activations in two, a master copy of the
            weights and the optimizer's state in four.
        optimizer: "sgd" keeps nothing, "momentum" one number a weight, "adam" two.

    Returns:
        Bytes under "weights", "master" (0 but in "mixed"), "gradients", "optimizer",
        "activations" and "total", Python ints.

    Raises:
        ValueError: unknown recipe or optimizer, or a negative number.
    """
    raise NotImplementedError("memory_model: chapter, step 7")


# %% tags=["explore"]
with attempt():
    for recipe in ("float32", "float16", "mixed"):
        print(recipe, memory_model(1_000_000, 5_000_000, recipe))

# %% tags=["check"]
check("memory_model")

# %% [markdown]
# ## 11. `train`
# Chapter, step 8: one network, trained three ways.


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
    """Train with plain gradient descent (`SGD`), one step for each batch.

    Args:
        recipe: "float32": weights, gradients and steps in float32. "float16": weights,
            gradients and steps in float16, nothing scaled. "mixed": `mp_train_step`
            with a LossScaler.
        weights: float32 arrays; they stay as they were.
        backward: see `Backward`. Without a scale its number is 1.0.
        batches: what backward takes, one a step.
        lr: the step size.
        init: the first scale, for "mixed".
        interval: clean steps until the scale grows, for "mixed".

    Returns:
        A Run, its losses and scales Python floats. Its weights are float32 arrays, but
        float16 for "float16"; steps are `skipped` in "mixed" only.

    Raises:
        ValueError: unknown recipe.
    """
    raise NotImplementedError("train: chapter, step 8")


# %% tags=["explore"]
COUNT = 2**25  # the loss is a mean over so many numbers; a batch is a sample of them


def network(weights, batch, number):
    """Return loss and gradients of a tanh network with one hidden layer."""
    (x, target), (first, second) = batch, weights
    half = first.dtype
    x, target = x.astype(half), target.astype(half)
    hidden = np.tanh(x @ first)
    error = hidden @ second - target
    loss = float(np.mean(error.astype(np.float32) ** 2) / 2)
    d_out = error * half.type(number / COUNT)
    d_hidden = (d_out @ second.T) * (half.type(1) - hidden * hidden)
    return loss, [x.T @ d_hidden, hidden.T @ d_out]


with attempt():
    rng = np.random.default_rng(0)
    x = rng.uniform(-2, 2, size=(256, 2)).astype(np.float32)
    target = np.sin(2 * x[:, :1]) * np.cos(x[:, 1:])
    start = [
        rng.normal(size=(2, 32)).astype(np.float32),
        rng.normal(size=(32, 1)).astype(np.float32) * np.float32(0.2),
    ]
    for recipe in ("float32", "float16", "mixed"):
        run = train(recipe, start, network, [(x, target)] * 300, lr=2.0**14)
        print(f"{recipe:8} loss {run.losses[0]:.4f} -> {run.losses[-1]:.4f}")

# %% tags=["check"]
check("train")
