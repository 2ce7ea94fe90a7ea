"""The dtype of the first input decides alone.

task: autocast_policy
look: Chapter, step 7.
"""


def autocast_policy(op: str, *dtypes: str) -> str:
    if op == "binary_cross_entropy":
        raise RuntimeError("binary_cross_entropy is unsafe: use ..._with_logits")
    if not dtypes or not set(dtypes) <= set(WIDTHS):
        raise ValueError("dtypes must be float16, float32 or float64, one or more")
    widest = dtypes[0]
    if widest == "float64":
        return widest
    if op in HALF_OPS:
        return "float16"
    return "float32" if op in FLOAT_OPS else widest
