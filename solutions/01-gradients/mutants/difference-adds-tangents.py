"""The tangents of a difference are added.

task: Dual
look: Chapter, step 5.
"""


class Dual(Dual):
    def __sub__(self, other: "Dual | float") -> "Dual":
        other = lift(other)
        return Dual(self.value - other.value, self.tangent + other.tangent)
