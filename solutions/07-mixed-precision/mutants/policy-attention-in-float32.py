"""Attention runs in float32.

task: autocast_policy
severity: idea
look: Chapter, step 7.
"""

HALF_OPS = HALF_OPS[:-1]
FLOAT_OPS = (*FLOAT_OPS, "scaled_dot_product_attention")
