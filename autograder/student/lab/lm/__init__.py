"""A small language model in PyTorch, trained on the course's own chapters.

    model = lm.load()
    logits = model(lm.encode("The gradient of")[None])  # (1, 15, V)

``model`` is a transformer, ``cache`` what it remembers between passes, ``text`` maps
characters to ids and back, ``shipped`` reads the trained weights.
"""

from __future__ import annotations

try:
    import torch as _torch  # noqa: F401
except ImportError:
    raise ModuleNotFoundError(
        "this lesson needs torch: python set_up.py torch", name="torch"
    ) from None

from .cache import Cache
from .model import Block, RMSNorm, SmallLM
from .shipped import load, load_medusa, load_mtp
from .text import END, VOCABULARY, decode, encode

__all__ = [
    "END",
    "VOCABULARY",
    "Block",
    "Cache",
    "RMSNorm",
    "SmallLM",
    "decode",
    "encode",
    "load",
    "load_medusa",
    "load_mtp",
]
