"""bfloat16 is rounded like float16.

task: accumulate
look: Chapter, step 3.
"""

ROUND = {"float16": np.float16, "bfloat16": np.float16, "float32": np.float32}
