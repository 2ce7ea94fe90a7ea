"""Tensors of PyTorch as arrays, for those who may not import it.

Most lessons do without torch. A value can be a tensor only where it is loaded already.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np


def is_tensor(value: Any) -> bool:
    """Tell whether a value is a tensor."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def array_of(tensor: Any) -> np.ndarray[Any, Any]:
    """Return a tensor's numbers; bfloat16, which NumPy lacks, as float32."""
    plain = tensor.detach()
    if plain.dtype is sys.modules["torch"].bfloat16:
        plain = plain.float()
    array: np.ndarray[Any, Any] = plain.numpy()
    return array


def numbers_of(value: Any) -> Any:
    """Return the array of a tensor, and anything else as it is."""
    return array_of(value) if is_tensor(value) else value


def name_of(tensor: Any) -> str:
    """Return a tensor's dtype by its name, such as ``float32``."""
    return str(tensor.dtype).removeprefix("torch.")
