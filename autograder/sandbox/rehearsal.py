"""A small lesson, run in the warm server before it forks anything.

Python specialises its own code as it runs, and caches fill. What the server has done a
few times is fast in every process that it forks. No line of a
submission runs here.
"""

from __future__ import annotations

import linecache
import sys

from autograder.student import cells, codec, interpreter

_ROUNDS = 3  # Python specialises after eight passes; a kernel makes four a round
_LABEL = "rehearsal"
_SOURCE = """
import numpy as np
from autograder.student.lab.tiles import device, tl, triton


@triton.jit
def kernel(x_ptr, y_ptr, o_ptr, s_ptr, n, m, scale, stride, B: tl.constexpr):
    rows = tl.program_id(0) * B + tl.arange(0, B)
    cols = tl.arange(0, B)
    mask = rows < n
    places = x_ptr + rows[:, None] * stride + cols[None, :]
    x = tl.load(places, mask=mask[:, None] & (cols[None, :] < 16), other=0.0)
    top = tl.full((B,), -float("inf"), tl.float32)
    total = tl.zeros((B,), tl.float32)
    out = tl.zeros((B, B), tl.float32)
    for start in range(0, m, B):
        inner = start + cols
        y = tl.load(y_ptr + inner[:, None] * stride + cols[None, :],
                    mask=inner[:, None] < m, other=0.0)
        s = tl.dot(x, tl.trans(y)) * scale
        s = tl.where(inner[None, :] < m, s, -float("inf"))
        high = tl.maximum(top, tl.max(s, axis=1))
        p = tl.exp(s - high[:, None])
        alpha = tl.exp2((top - high) * 1.44)
        total = total * alpha + tl.sum(p, axis=1)
        out = out * alpha[:, None] + tl.dot(p.to(tl.float16).to(tl.float32), y)
        top = high
    out = out / total[:, None]
    tl.store(o_ptr + rows[:, None] * stride + cols[None, :], out, mask=mask[:, None])
    tl.store(s_ptr + rows, top + tl.log(total), mask=mask)


def host(x, y, scale=0.25):
    o, s = device.empty(x.shape, x.dtype), device.empty(len(x), x.dtype)
    grid = (triton.cdiv(len(x), 16), 1)
    kernel[grid](x, y, o, s, len(x), len(y), scale, device.strides(x)[0], B=16)
    return o, s


def plain(x):
    return [np.float64(1.0), {"a": (1, 2.5)}, x.T @ x, x[::2]]
"""


def rehearse() -> None:
    """Load, call, record and replay a few times."""
    import numpy as np

    module = cells.new_module()
    cells.load_cell(module, _LABEL, _SOURCE)
    player = interpreter.Interpreter(module)
    x = np.linspace(-1, 1, 20 * 16, dtype=np.float32).reshape(20, 16)

    def ask(*request: object) -> object:
        reply = player.answer(codec.dumps(list(request)), lambda _: b"")
        kind, *answer = codec.loads(reply)
        if kind != "ok":  # every submission would fail alike
            raise RuntimeError(f"the rehearsal failed: {answer}")
        return answer[0]

    for _ in range(_ROUNDS):
        evidence = ask("record", "host", [x, x], {"scale": 0.5})
        ask("replay", evidence, [x, x], 0, (), _SOURCE)
        ask("call", "plain", [x], {})
    del sys.modules[cells.MODULE], linecache.cache[_LABEL]
