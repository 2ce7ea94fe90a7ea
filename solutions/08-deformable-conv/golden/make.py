"""Write `torchvision.npz`: what torchvision.ops.deform_conv2d answers.

Run once, on 29 November 2026, with torchvision 0.29.1, torch 2.14.1 and NumPy 2.4.6 on
a CPU, in an environment of its own that the course does not need:

    python -m venv venv && venv/bin/pip install torchvision numpy
    venv/bin/python solutions/08-deformable-conv/golden/make.py

All is computed in float64; outputs are kept in float32. Of the gradients the products
with fixed arrays are kept: four numbers a configuration, for x, offset, weight, bias.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from torchvision.ops import deform_conv2d

sys.path.insert(0, str(Path(__file__).parent.parent))
from hidden.golden import COUNT, DATA, configuration, probes


def main():
    """Ask torchvision for every configuration."""
    outputs, products = [], []
    for number in range(COUNT):
        arrays, options = configuration(number)
        *leaves, dy = (torch.tensor(a, dtype=torch.float64) for a in arrays)
        for leaf in leaves:
            leaf.requires_grad_()
        y = deform_conv2d(*leaves, **options)
        y.backward(dy)
        outputs.append(y.detach().numpy().ravel().astype(np.float32))
        products.append(
            [
                float((leaf.grad.numpy() * probe).sum())
                for leaf, probe in zip(leaves, probes(number), strict=True)
            ]
        )
    np.savez_compressed(
        DATA, outputs=np.concatenate(outputs), products=np.array(products)
    )


if __name__ == "__main__":
    main()
