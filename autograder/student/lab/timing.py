"""Times an attention kernel against PyTorch's own, where there is a GPU.

Never part of a grade: a grade must not depend on the load of the machine.
"""

from __future__ import annotations

import importlib
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from autograder.student.lab.tiles.engine import has_gpu

_BATCHES = 5  # the median of so many batches is told
_WARM_UP = 3  # calls before the first, which also compile the kernel


@dataclass(frozen=True)
class Timing:
    """Milliseconds a call of two ways to compute the same attention."""

    shape: tuple[int, int, int, int]  # batch, heads, N (= M), d
    causal: bool
    yours_ms: float
    torch_ms: float

    @property
    def yours_tflops(self) -> float:
        """Teraflops a second: two products of 2 N M d each, half of it if causal."""
        batch, heads, n, d = self.shape
        flops = 4 * batch * heads * n * n * d / (2 if self.causal else 1)
        return flops / (self.yours_ms * 1e9)

    def __str__(self) -> str:
        name = "causal attention" if self.causal else "attention"
        return (
            f"{name} of shape {self.shape}: yours {self.yours_ms:.3f} ms"
            f" ({self.yours_tflops:.1f} TFLOP/s), PyTorch's {self.torch_ms:.3f} ms,"
            f" ratio {self.yours_ms / self.torch_ms:.2f}"
        )


class Resident:
    """A tensor that already lies on the device, in the place of a NumPy array.

    A host function permutes its inputs and puts them on the device; here that copies
    nothing, so the kernel alone is timed.
    """

    def __init__(self, tensor: Any) -> None:
        self.tensor, self.shape, self.dtype = tensor, tensor.shape, tensor.dtype

    def transpose(self, axes: tuple[int, ...]) -> Any:
        """Permute the axes, as NumPy's method does."""
        return self.tensor.permute(axes)


def against_torch(
    attention: Callable[..., tuple[Any, Any]],
    *,
    causal: bool = False,
    shape: tuple[int, int, int, int] = (1, 8, 4096, 64),
    dtype: str = "float16",
    repeats: int = 20,
    on: str | None = None,
) -> Timing | str:
    """Time a host function against ``scaled_dot_product_attention`` on equal inputs.

    Args:
        attention: takes q, k, v of shape (batch, heads, N, d); returns (o, lse).
        causal: whether ``attention`` applies the causal mask, N = M.
        shape: batch, heads, N, d.
        dtype: of q, k and v.
        repeats: calls in one batch; the median of five batches is told.
        on: a torch device; by default the GPU, if there is one.

    Returns:
        The timing, or a sentence where there is no GPU.

    Raises:
        ValueError: the two results differ; a wrong kernel is not worth timing.
    """
    if on is None and not has_gpu():
        return "no GPU here: nothing is timed, and no grade depends on it"
    torch: Any = importlib.import_module("torch")
    kind = getattr(torch, dtype)
    q, k, v = (torch.randn(shape, device=on or "cuda").to(kind) for _ in range(3))
    library = torch.nn.functional.scaled_dot_product_attention

    def theirs() -> Any:
        return library(q, k, v, is_causal=causal)

    def yours() -> Any:
        return attention(Resident(q), Resident(k), Resident(v))[0]

    error = float((yours().float() - theirs().float()).abs().max())
    if not error <= 2e-2:
        raise ValueError(f"the results differ by {error:.2g}: nothing is timed")
    times = [_time_ms(torch, call, repeats, q.is_cuda) for call in (yours, theirs)]
    return Timing(shape, causal, *times)


def _time_ms(torch: Any, call: Callable[[], Any], repeats: int, cuda: bool) -> float:
    """Return the median milliseconds a call, the device's queue drained each time."""
    wait = torch.cuda.synchronize if cuda else lambda: None
    for _ in range(_WARM_UP):
        call()
    batches = []
    for _ in range(_BATCHES):
        wait()
        start = time.perf_counter()
        for _ in range(repeats):
            call()
        wait()
        batches.append((time.perf_counter() - start) / repeats * 1e3)
    return statistics.median(batches)
