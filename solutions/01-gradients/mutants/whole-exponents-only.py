"""The exponent is rounded to a whole number.

task: Dual
look: Chapter, step 5.
"""


class Dual(Dual):
    def __pow__(self, other: "Dual | float") -> "Dual":
        other = lift(other)
        a, b = (
            self.value,
            float(int(other.value)) if other.tangent == 0 else other.value,
        )
        tangent = 0.0
        if self.tangent != 0 and b != 0:
            tangent += int(b) * a ** (int(b) - 1) * self.tangent
        if other.tangent != 0:
            tangent += a**b * math.log(a) * other.tangent
        return Dual(a**b, tangent)
