"""One launch of a kernel on the simulator, and everything that is judged of it."""

import numpy as np

from autograder.student.testing import check

AXES = ("row", "column")


def cdiv(n, block):
    """Return n / block rounded up."""
    return -(-n // block)


def launch(
    meter, name, args, want, kind, look, *, programs, largest, loaded, stored,
    near=(0.0, 0.0), typed=True, **options,
):  # fmt: skip
    """Run one host function on the simulator; judge its result and its meter.

    Args:
        meter: the simulator.
        name: the host function.
        args: its arguments.
        want: the right result, of the right dtype.
        kind: what is special about this launch.
        look: where to read on.
        programs: how many there must be.
        largest: elements that a block may have.
        loaded: elements that may be loaded; None: any number.
        stored: elements that may be stored; None: any number.
        near: how far the result may be away, relatively and absolutely.
        typed: whether its dtype counts.
        options: keyword arguments of the host function.
    """
    if options.get("block", 0) is None:
        del options["block"]
    run = meter.run(name, *args, **options)
    where = f"{name}, {kind}"
    for what in ("races", "uninitialised"):
        found = getattr(run, what)
        evidence = f"{found[0]} ({len(found)} in all)" if found else ""
        check.true(not found, where=f"{where}: {what}", evidence=evidence, look=look)
    unwritten = f"{where}: elements of the result that nobody wrote"
    check.equal(run.unwritten_outputs, 0, where=unwritten, look=look)
    if typed:
        check.dtype(run.outputs, want.dtype, where=where, look=look)
    check.close(
        run.outputs,
        want.astype(np.float64),
        rtol=near[0],
        atol=near[1],
        where=where,
        look=look,
        axis_names=AXES if want.ndim == 2 else ("element",),
    )
    check.equal(run.programs, programs, where=f"{where}: programs", look=look)
    size = args[0].itemsize
    for what, got, limit, unit in (
        ("the largest block", run.largest_block, largest, "elements"),
        ("loaded from HBM", run.loaded_bytes, loaded and loaded * size, "bytes"),
        ("stored to HBM", run.stored_bytes, stored and stored * size, "bytes"),
    ):
        if limit is not None:
            check.at_most(got, limit, where=f"{where}: {what}", unit=unit, look=look)
