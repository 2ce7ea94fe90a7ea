"""Every power goes through log(a), so a negative or zero base fails.

task: Dual
severity: idea
look: The two terms of d(a ** b). Chapter, step 5.
"""


class Dual(Dual):
    def __pow__(self, other: "Dual | float") -> "Dual":
        other = lift(other)
        return exp(other * log(self))
