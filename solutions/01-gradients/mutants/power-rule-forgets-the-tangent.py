"""The power rule forgets the chain rule: the base's tangent is missing.

task: Dual
look: Chapter, step 5.
"""


class Dual(Dual):
    def __pow__(self, other: "Dual | float") -> "Dual":
        other = lift(other)
        a, b = self.value, other.value
        tangent = 0.0
        if self.tangent != 0 and b != 0:
            tangent += b * a ** (b - 1)
        if other.tangent != 0:
            tangent += a**b * math.log(a) * other.tangent
        return Dual(a**b, tangent)
