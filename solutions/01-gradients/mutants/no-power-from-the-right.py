"""number ** a is not defined: only the left operand may be a Dual.

task: Dual
severity: idea
look: Which method does Python try for 2 ** a?
"""

Dual = type("Dual", (Dual,), {"__rpow__": None})
