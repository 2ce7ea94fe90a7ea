"""Hidden tests of `autocast_policy`."""

import pytest
from hidden.common import CONTRACT, STEP_7, refusals

from autograder.student.testing import check

# --- autocast_policy and memory_model -----------------------------------------------

HALF_OPS = ("matmul", "bmm", "linear", "conv2d", "scaled_dot_product_attention")


FLOAT_OPS = (
    *("exp", "log", "pow", "rsqrt", "sum", "prod", "cumsum", "norm", "softmax"),
    *("log_softmax", "layer_norm", "mse_loss", "nll_loss"),
    "binary_cross_entropy_with_logits",
)


OTHER_OPS = ("relu", "add", "mul", "cat", "tanh", "max_pool2d", "dot")


@pytest.mark.task("autocast_policy", weight=1)
def test_policies(student):
    half, single, double = "float16", "float32", "float64"
    mixes = ((half,), (single,), (half, half), (half, single), (single, half, half))
    asked = {}
    for op in (*HALF_OPS, *FLOAT_OPS, *OTHER_OPS):
        for dtypes in mixes:
            want = half if op in HALF_OPS else single
            if op in OTHER_OPS and single not in dtypes:
                want = half
            asked[op, dtypes] = want
        asked[op, (double,)] = asked[op, (double, double)] = double
    for op in OTHER_OPS:
        asked[op, (half, double, single)] = double
    answers = {
        (op, dtypes): student.autocast_policy(op, *dtypes) for op, dtypes in asked
    }
    for (op, dtypes), want in asked.items():
        where = f"autocast_policy, {op} of {' and '.join(dtypes)}"
        check.equal(answers[op, dtypes], want, where=where, look=STEP_7)
    for dtypes in (("float16",), ("float32", "float32"), ("float64",)):
        where = f"autocast_policy, binary_cross_entropy of {dtypes[0]}"
        check.raises(
            RuntimeError,
            student.autocast_policy,
            "binary_cross_entropy",
            *dtypes,
            where=where,
            look=CONTRACT,
        )
    cases = {
        f"autocast_policy, {op}, {kind}": (op, *dtypes)
        for kind, op, dtypes in (
            ("no dtypes", "matmul", ()),
            ("no dtypes", "softmax", ()),
            ("no dtypes", "relu", ()),
            ("an unknown dtype", "matmul", ("half",)),
            ("an unknown dtype", "exp", ("float32", "int32")),
            ("an unknown dtype", "add", ("float8", "float16")),
        )
    }
    refusals(ValueError, student.autocast_policy, cases)
