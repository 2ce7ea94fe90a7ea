"""a ** 0 at a = 0 divides by zero: its tangent is 0.

task: Dual
look: The contract in the docstring.
"""


class Dual(Dual):
    def __pow__(self, other: "Dual | float") -> "Dual":
        other = lift(other)
        a, b = self.value, other.value
        tangent = 0.0
        if self.tangent != 0:
            tangent += b * a ** (b - 1) * self.tangent
        if other.tangent != 0:
            tangent += a**b * math.log(a) * other.tangent
        return Dual(a**b, tangent)
