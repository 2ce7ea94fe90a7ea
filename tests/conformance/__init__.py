"""The simulator against Triton itself; in this process, kernels are simulated."""

import os

os.environ.setdefault("TILES", "simulator")
