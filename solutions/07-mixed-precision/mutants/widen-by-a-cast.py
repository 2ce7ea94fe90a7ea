"""NumPy's cast does the work that this task is about.

task: f16_bits_to_f32
severity: idea
look: Chapter, step 1.
"""


def f16_bits_to_f32(bits: np.ndarray) -> np.ndarray:
    checked(bits, np.uint16)
    wide = bits.view(np.float16).astype(np.float32).view(np.uint32)
    is_nan = (wide & 0x7FFFFFFF) > 0x7F800000
    return np.where(is_nan, wide | 0x400000, wide).astype(np.uint32)
