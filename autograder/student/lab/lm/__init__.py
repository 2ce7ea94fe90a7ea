"""A small language model in PyTorch, trained on the course's own chapters.

    model = lm.load()
    logits = model(lm.encode("The gradient of")[None])  # (1, 15, V)

``model`` is a transformer, ``cache`` what it remembers between passes, ``text`` maps
characters to ids and back, ``shipped`` reads the trained weights.
"""

from __future__ import annotations

try:
    import safetensors.torch  # noqa: F401 (it imports torch)
except ImportError as error:
    raise ModuleNotFoundError(
        "this lesson needs torch: python3 set_up.py torch", name=error.name
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
