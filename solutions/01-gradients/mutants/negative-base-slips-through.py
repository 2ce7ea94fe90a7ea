"""A negative base with a moving exponent is not refused.

task: Dual
look: The contract in the docstring.
"""


class Dual(Dual):
    def __pow__(self, other: "Dual | float") -> "Dual":
        other = lift(other)
        a, b = self.value, other.value
        tangent = 0.0
        if self.tangent != 0 and b != 0:
            tangent += b * a ** (b - 1) * self.tangent
        if other.tangent != 0:
            tangent += a**b * math.log(abs(a)) * other.tangent
        return Dual(a**b, tangent)
