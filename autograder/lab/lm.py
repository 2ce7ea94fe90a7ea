"""The course's language model: what exercises import of it.

from autograder.lab import lm
"""

from autograder.student.lab.lm import (
    END,
    VOCABULARY,
    Block,
    Cache,
    RMSNorm,
    SmallLM,
    decode,
    encode,
    load,
    load_medusa,
    load_mtp,
)

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
