"""The quotient rule has the wrong sign.

task: Dual
look: Chapter, step 5.
"""


class Dual(Dual):
    def __truediv__(self, other: "Dual | float") -> "Dual":
        other = lift(other)
        value = self.value / other.value
        return Dual(value, (self.tangent + value * other.tangent) / other.value)
