"""number / a is computed as a / number.

task: Dual
look: Chapter, step 5.
"""


class Dual(Dual):
    def __rtruediv__(self, other: float) -> "Dual":
        return self / lift(other)
