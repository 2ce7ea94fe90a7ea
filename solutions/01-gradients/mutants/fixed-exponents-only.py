"""The exponent is taken for fixed: its own tangent is ignored.

task: Dual
look: Chapter, step 5.
"""


class Dual(Dual):
    def __pow__(self, other: "Dual | float") -> "Dual":
        other = lift(other)
        a, b = self.value, other.value
        tangent = 0.0
        if self.tangent != 0 and b != 0:
            tangent += b * a ** (b - 1) * self.tangent
        return Dual(a**b, tangent)
