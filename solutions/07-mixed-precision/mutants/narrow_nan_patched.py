"""To float16: a NaN becomes quiet only where it would turn into an infinity.

task: f32_to_f16_bits
look: Chapter, step 2.
"""


def f32_to_f16_bits(bits: np.ndarray) -> np.ndarray:
    bits = checked(bits, np.uint32)
    sign = (bits >> 16) & 0x8000
    size = bits & 0x7FFFFFFF
    exponent, fraction = size >> 23, size & 0x7FFFFF
    normal = rounded_off(size - np.uint32(112 << 23), 13)
    normal = np.where(size >= 143 << 23, np.uint32(0x7C00), normal)
    places = np.clip(126 - exponent.astype(np.int64), 14, 25)
    small = rounded_off(fraction | 0x800000, places)
    half = np.where(exponent >= 113, normal, small)
    nan = 0x7C00 | (fraction >> 13)
    nan = np.where(nan == 0x7C00, 0x7E00, nan)
    half = np.where(size > 0x7F800000, nan, half)
    return (sign | half).astype(np.uint16)
