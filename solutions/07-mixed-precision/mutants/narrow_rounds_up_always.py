"""To float16: anything that is cut off rounds up.

task: f32_to_f16_bits
look: Chapter, step 2.
"""


def shifted(value: np.ndarray, shift: int | np.ndarray) -> np.ndarray:
    one = np.uint32(1)
    shift = np.asarray(shift, dtype=np.uint32)
    half = (one << shift) >> one
    odd = (value >> shift) & one
    return (value + half + half - one) >> shift


def f32_to_f16_bits(bits: np.ndarray) -> np.ndarray:
    bits = checked(bits, np.uint32)
    sign = (bits >> 16) & 0x8000
    size = bits & 0x7FFFFFFF
    exponent, fraction = size >> 23, size & 0x7FFFFF
    normal = shifted(size - np.uint32(112 << 23), 13)
    normal = np.where(size >= 143 << 23, np.uint32(0x7C00), normal)
    places = np.clip(126 - exponent.astype(np.int64), 14, 25)
    small = shifted(fraction | 0x800000, places)
    half = np.where(exponent >= 113, normal, small)
    half = np.where(size > 0x7F800000, 0x7E00 | (fraction >> 13), half)
    return (sign | half).astype(np.uint16)
