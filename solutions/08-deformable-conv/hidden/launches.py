"""One launch of a kernel on the simulator, and everything that is judged of it."""

import numpy as np
from hidden.convolutions import AXES, arrays
from hidden.truth import SINGLE, convolution, count_corners

from autograder.student.testing import check


def cdiv(n, block):
    return -(-n // block)


def inputs(rng, *sizes, **options):
    """Return (x, offset, weight) in float32."""
    return list(arrays(rng, *sizes, bias=False, dtype=np.float32, **options))


def launch(meter, name, kind, given, look, block_p=16, block_c=16, dy=None, **options):
    """Run one host function on the simulator; judge its results and its meter."""
    x, offset, weight = given
    blocks = {"block_p": block_p, "block_c": block_c}
    blocks = {key: value for key, value in blocks.items() if value != 16}
    before = [] if dy is None else [dy]
    run = meter.run(name, *before, *given, **options, **blocks)
    where = f"{name}, {kind}"
    for what in ("races", "uninitialised"):
        found = getattr(run, what)
        evidence = f"{found[0]} ({len(found)} in all)" if found else ""
        check.true(not found, where=f"{where}: {what}", evidence=evidence, look=look)
    unwritten = f"{where}: elements of the result that nobody wrote"
    check.equal(run.unwritten_outputs, 0, where=unwritten, look=look)
    want = convolution(x, offset, weight, dy=dy, **options)
    if dy is None:
        results = {"y": (run.outputs, want[1])}
    else:
        good = isinstance(run.outputs, tuple | list) and len(run.outputs) == 3
        evidence = "the result is not a tuple: dx, doffset, dweight"
        check.true(good, where=where, evidence=evidence, look=look)
        names = ("dx", "doffset", "dweight")
        pairs = zip(run.outputs, want[2], strict=False)
        results = dict(zip(names, pairs, strict=True))
    for part, (got, right) in results.items():
        size = max(1.0, float(abs(right).max()))
        check.close(
            got, right, atol=SINGLE * size, where=f"{where}: {part}", look=look,
            axis_names=AXES, dtype=np.float32,
        )  # fmt: skip
    judge_meter(run, where, given, look, block_p, block_c, dy is not None, options)


def judge_meter(run, where, given, look, block_p, block_c, backward, options):
    """Judge programs, blocks and bytes."""
    x, offset, weight = given
    (batch, _, ho, wo), outputs = offset.shape, len(weight)
    tiles = batch * cdiv(ho * wo, block_p)
    results = batch * outputs * ho * wo
    corners = count_corners(x, offset, weight.shape[2:], **options)
    loaded = offset.size + tiles * weight.size + corners
    stored = results
    if backward:
        atomics = corners + tiles * weight.size
        loaded, stored = loaded + results + atomics, offset.size + atomics
    block_o = max(16, 1 << (outputs - 1).bit_length())
    largest = max(block_p * block_c, block_c * block_o, block_p * block_o)
    check.equal(run.programs, tiles, where=f"{where}: programs", look=look)
    for what, got, limit, unit in (
        ("the largest block", run.largest_block, largest, "elements"),
        ("loaded from HBM", run.loaded_bytes, 4 * loaded, "bytes"),
        ("stored to HBM", run.stored_bytes, 4 * stored, "bytes"),
    ):
        check.at_most(got, limit, where=f"{where}: {what}", unit=unit, look=look)
