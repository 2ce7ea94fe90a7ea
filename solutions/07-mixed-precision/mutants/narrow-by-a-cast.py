"""NumPy's cast does the rounding that this task is about.

task: f32_to_f16_bits
severity: idea
look: Chapter, step 2.
"""


def f32_to_f16_bits(bits: np.ndarray) -> np.ndarray:
    bits = checked(bits, np.uint32)
    half = bits.view(np.float32).astype(np.float16).view(np.uint16)
    nan = (bits >> 16 & 0x8000) | 0x7E00 | (bits >> 13 & 0x3FF)
    is_nan = (bits & 0x7FFFFFFF) > 0x7F800000
    return np.where(is_nan, nan, half).astype(np.uint16)
