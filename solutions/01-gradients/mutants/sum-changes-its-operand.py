"""+ writes into its left operand: an expression must leave its parts alone.

task: Dual
look: The contract in the docstring.
"""


class Dual(Dual):
    def __add__(self, other):
        other = lift(other)
        self.value += other.value
        self.tangent += other.tangent
        return self
