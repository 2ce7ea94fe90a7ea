"""Hidden tests of `autocast_policy`: each list of operations on its own.

Core are the three rules, with float16 and float32 inputs in several orders. float64,
names that resemble those of the lists, and refusals are not.
"""

import itertools

import pytest
from hidden.answers import CONTRACT, STEP_7, refusals

from autograder.student.testing import check

HALF_OPS = ("matmul", "bmm", "linear", "conv2d", "scaled_dot_product_attention")
FLOAT_OPS = (
    *("exp", "log", "pow", "rsqrt", "sum", "prod", "cumsum", "norm", "softmax"),
    *("log_softmax", "layer_norm", "mse_loss", "nll_loss"),
)
LOGITS = "binary_cross_entropy_with_logits"
OTHER_OPS = ("relu", "add", "mul", "cat", "tanh", "max_pool2d", "dot")
ALIKE_OPS = (
    "logsumexp",
    "exp_",
    "Softmax",
    "expand",
    "logical_not",
    "prelu",
    "bilinear",
    "conv2d_transposed",
    "conv1d",
    "baddbmm",
    "sqrt",
    "nansum",
    "batch_norm",
    "gumbel_softmax",
    "huber_loss",
)

HALF, SINGLE, DOUBLE = "float16", "float32", "float64"
MIXES = ((HALF,), (SINGLE,), (HALF, HALF), (HALF, SINGLE), (SINGLE, HALF, HALF))


def ask(student, wanted, look=STEP_7):
    """Ask for dtypes, then judge; wanted: (op, dtypes) -> dtype."""
    answers = {
        (op, dtypes): student.autocast_policy(op, *dtypes) for op, dtypes in wanted
    }
    for (op, dtypes), want in wanted.items():
        where = f"autocast_policy, {op} of {' and '.join(dtypes)}"
        check.equal(answers[op, dtypes], want, where=where, look=look)


@pytest.mark.task("autocast_policy", weight=1, core=True)
def test_products_run_in_float16(student):
    ask(student, dict.fromkeys(itertools.product(HALF_OPS, MIXES), HALF))


@pytest.mark.task("autocast_policy", weight=1, core=True)
def test_sums_and_losses_run_in_float32(student):
    ask(student, dict.fromkeys(itertools.product(FLOAT_OPS, MIXES), SINGLE))


@pytest.mark.task("autocast_policy", weight=1, core=True)
def test_the_rest_takes_the_widest(student):
    mixes = itertools.product(OTHER_OPS, MIXES)
    ask(student, {(op, m): SINGLE if SINGLE in m else HALF for op, m in mixes})


@pytest.mark.task("autocast_policy", weight=1)
def test_float64_and_names_alike(student):
    ops = (*HALF_OPS, *FLOAT_OPS, LOGITS, *OTHER_OPS)
    doubles = ((DOUBLE,), (DOUBLE, DOUBLE))
    wanted = dict.fromkeys(itertools.product(ops, doubles), DOUBLE)
    for op in ops:
        wanted[op, (HALF, DOUBLE, SINGLE)] = DOUBLE
    for op in ALIKE_OPS:
        wanted |= {(op, (HALF,)): HALF, (op, (HALF, SINGLE)): SINGLE}
    ask(student, wanted, CONTRACT)


@pytest.mark.task("autocast_policy", weight=1)
def test_refused_operations(student):
    unsafe = {
        f"autocast_policy, binary_cross_entropy of {dtypes[0]}": (
            "binary_cross_entropy",
            *dtypes,
        )
        for dtypes in ((HALF,), (SINGLE, SINGLE), (DOUBLE,))
    }
    odd = {
        f"autocast_policy, {op}, {kind}": (op, *dtypes)
        for kind, op, dtypes in (
            ("no dtypes", "matmul", ()),
            ("no dtypes", "softmax", ()),
            ("no dtypes", "relu", ()),
            ("an unknown dtype", "matmul", ("half",)),
            ("an unknown dtype", "exp", (SINGLE, "int32")),
            ("an unknown dtype", "add", ("float8", HALF)),
            ("an unknown dtype", "add", ("float", HALF)),
            ("an unknown dtype", "relu", ("bfloat16",)),
            ("an unknown dtype", "linear", (HALF, "bfloat16")),
            ("an unknown dtype", "relu", (DOUBLE, "int32")),
        )
    }
    failed = []
    for kind, cases in ((RuntimeError, unsafe), (ValueError, odd)):
        try:
            refusals(kind, student.autocast_policy, cases)
        except check.CheckFailed as failure:
            failed.append(failure)
    ask(student, dict.fromkeys(((LOGITS, mix) for mix in MIXES), SINGLE))
    if failed:
        raise failed[0]
