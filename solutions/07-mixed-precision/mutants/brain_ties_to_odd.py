"""In bfloat16: ties go to the odd neighbour instead of the even one.

task: f32_to_bf16_bits
look: Chapter, step 2.
"""


def f32_to_bf16_bits(bits: np.ndarray) -> np.ndarray:
    bits = checked(bits, np.uint32)
    near = (bits.astype(np.uint64) + 0x8000 - ((bits >> 16) & 1)) >> 16
    is_nan = (bits & 0x7FFFFFFF) > 0x7F800000
    return np.where(is_nan, (bits >> 16) | 0x40, near).astype(np.uint16)
