"""The trained weights that come with the course: ``weights.safetensors``."""

from __future__ import annotations

import functools
from pathlib import Path

import torch
from safetensors.torch import load_file

from .model import SmallLM

#: Trained by ``train.py`` in the course's sources, float16 on disk.
PATH = Path(__file__).with_name("weights.safetensors")
#: How: the recipe, the curve, and what the weights are worth on held-out text.
LOG = Path(__file__).with_name("training.json")
#: Width, layers and heads of the shipped model; the vocabulary is in its weights.
SIZES = {"d": 96, "layers": 3, "heads": 3}


@functools.cache
def _tensors() -> dict[str, torch.Tensor]:
    """Read the file once a process, to float32."""
    return {name: tensor.float() for name, tensor in load_file(PATH).items()}


def _part(prefix: str) -> dict[str, torch.Tensor]:
    """Return copies of the tensors below a prefix, named without it."""
    return {
        name.removeprefix(prefix): tensor.clone()
        for name, tensor in _tensors().items()
        if name.startswith(prefix)
    }


def load() -> SmallLM:
    """Return the trained model, ready to be asked (eval mode, float32).

    Each call returns a model of its own; the file is read once a process. It was
    trained on texts of 128 characters, and guesses badly beyond that position.
    """
    weights = _part("lm.")
    model = SmallLM(len(weights["embed.weight"]), **SIZES)
    model.load_state_dict(weights)
    model.eval().requires_grad_(False)
    return model


def load_mtp() -> dict[str, torch.Tensor]:
    """Return the weights of a sequential module (DeepSeek-V3's) on the trunk.

    Names: ``norm_h.gain``, ``norm_e.gain``, ``project.weight`` (d, 2d), the hidden
    vector's half first, ``block.*`` of a `Block`, ``norm_out.gain``; the head is the
    model's. Module k at position i joins h^(k-1)_i with the embedding of t_(i+k) and
    predicts t_(i+k+1); h^0 is `SmallLM.hidden`. It was trained as module 1.
    """
    return _part("mtp.")


def load_medusa() -> list[dict[str, torch.Tensor]]:
    """Return the weights of three Medusa heads, trained with the trunk frozen.

    Names: ``w1.weight`` (d, d) and ``w2.weight`` (V, d), no bias. With x the normalized
    hidden vector at position i, head k = 1, 2, 3 predicts t_(i+1+k) by
    w2 (x + silu(w1 x)).
    """
    return [_part(f"medusa.{k}.") for k in (1, 2, 3)]
