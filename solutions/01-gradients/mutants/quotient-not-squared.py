"""The quotient rule divides by b once, where the tangent of b needs b squared.

task: Dual
look: Chapter, step 5.
"""


class Dual(Dual):
    def __truediv__(self, other: "Dual | float") -> "Dual":
        other = lift(other)
        value = self.value / other.value
        return Dual(value, (self.tangent - self.value * other.tangent) / other.value)
