"""In bfloat16: infinities become NaNs.

task: f32_to_bf16_bits
look: Chapter, step 2.
"""


def f32_to_bf16_bits(bits: np.ndarray) -> np.ndarray:
    bits = checked(bits, np.uint32)
    near = rounded_off(bits, 16)
    is_nan = (bits & 0x7FFFFFFF) >= 0x7F800000
    return np.where(is_nan, (bits >> 16) | 0x40, near).astype(np.uint16)
