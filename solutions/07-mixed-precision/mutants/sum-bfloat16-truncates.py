"""bfloat16 numbers are cut off instead of rounded.

task: accumulate
severity: idea
look: Chapter, step 3.
"""


def to_bfloat16(x: float) -> np.float32:
    bits = bits_of([x]) >> 16
    return floats_of(bits.astype(np.uint32) << 16)[0]


ROUND = {**ROUND, "bfloat16": to_bfloat16}
