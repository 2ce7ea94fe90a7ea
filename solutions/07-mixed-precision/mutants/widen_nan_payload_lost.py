"""From float16: every NaN becomes the same one: its payload is lost.

task: f16_bits_to_f32
look: Chapter, step 1.
"""


def f16_bits_to_f32(bits: np.ndarray) -> np.ndarray:
    bits = checked(bits, np.uint16)
    sign = (bits & 0x8000) << 16
    exponent = (bits >> 10) & 0x1F
    fraction = bits & 0x3FF
    wide = ((exponent + 112) << 23) | (fraction << 13)
    quiet = np.where(fraction != 0, np.uint32(0x400000), np.uint32(0))
    wide = np.where(exponent == 31, 0x7F800000 | quiet, wide)
    place = np.zeros_like(fraction)
    for k in range(10):
        place = np.where(fraction >> k != 0, np.uint32(k), place)
    tail = (fraction << (10 - place)) & 0x3FF
    small = ((place + 103) << 23) | (tail << 13)
    wide = np.where(exponent == 0, np.where(fraction == 0, 0, small), wide)
    return (sign | wide).astype(np.uint32)
