"""Losses run in float16 where their input is float16.

task: autocast_policy
severity: idea
look: Chapter, step 7.
"""

FLOAT_OPS = tuple(op for op in FLOAT_OPS if not op.endswith(("_loss", "_logits")))
