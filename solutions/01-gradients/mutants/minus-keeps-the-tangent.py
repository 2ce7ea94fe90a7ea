"""Unary minus changes the value and forgets the tangent.

task: Dual
look: Chapter, step 5.
"""


class Dual(Dual):
    def __neg__(self) -> "Dual":
        return Dual(-self.value, self.tangent)
