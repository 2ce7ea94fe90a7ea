"""Figure data and the chapter's numbers: the examples and the reference, metered."""

import os

os.environ.setdefault("TILES", "simulator")  # bytes are metered there alone

import contextlib
import io
import runpy
from pathlib import Path

import numpy as np
import reference

from autograder.lab.tiles import AccessError, device, last_meter

FOLDER = Path(reference.__file__).resolve().parents[2] / "course" / "00-first-kernel"
EXAMPLES = runpy.run_path(str(FOLDER / "examples.py"))
ROWS, COLS = 10, 14  # of the figure's matrix


def text(lines):
    """Return text as the audit compares it: words with one space between them."""
    return " ".join(str(lines).split())


def wrong(kernel, grid, *args, **options):
    """Launch a kernel that is wrong on purpose; return its meter and what it prints."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        kernel[grid](*args, **options)
    return last_meter(), text(printed.getvalue())


# --- the figure ---------------------------------------------------------------------


def walk(block, masked):
    """Copy the figure's matrix in tiles, with one mask or the other; meter it."""
    x = device.zeros((ROWS, COLS))
    o, hits = device.empty((ROWS, COLS)), device.zeros((ROWS, COLS), "int32")
    limit = COLS if masked else ROWS * COLS
    grid = (-(-ROWS // block), -(-COLS // block))
    m, _ = wrong(
        EXAMPLES["walk_kernel"], grid, x, o, hits, ROWS, COLS, limit, BLOCK=block
    )
    return {
        "block": block,
        "masked": masked,
        "programs": m.programs,
        "loaded": m.loads["x_ptr"],
        "stored": m.stores["o_ptr"],
        "collisions": int((hits > 1).sum()),
        "races": any("writes too" in sentence for sentence in m.races),
    }


def figure():
    """Return what the simulator says of every walk that the figure can show."""
    walks = [walk(block, masked) for block in (2, 4, 8) for masked in (True, False)]
    return {"rows": ROWS, "cols": COLS, "walks": walks}


# --- the chapter --------------------------------------------------------------------


def claims():
    """Return every measured number and every message of the chapter as text."""
    x = np.arange(10, dtype=np.float32)
    EXAMPLES["copied"](x, block=4)
    found = {"meter_copy": text(last_meter())}
    found["no_mask"] = without_mask(x)
    reference.add(x, x, block=4)
    found["add_loaded"], found["add_stored"] = (
        str(last_meter().loaded_bytes),
        str(last_meter().stored_bytes),
    )
    reference.row_max(np.zeros((1000, 37), np.float32))
    found["max_loaded"] = f"{last_meter().loaded_bytes:,}"
    found["max_stored"] = f"{last_meter().stored_bytes:,}"
    reference.transpose(np.zeros((37, 52), np.float32))
    found["turned_programs"] = str(last_meter().programs)
    found["turned_loaded"] = f"{last_meter().loaded_bytes:,}"
    for block in (16, 32, 64):
        square = np.zeros((256, 256), np.float32)
        reference.matmul(square, square, block=block)
        found[f"product_{block}"] = f"{last_meter().loaded_bytes:,}"
        found[f"product_stored_{block}"] = f"{last_meter().stored_bytes:,}"
        found[f"product_programs_{block}"] = str(last_meter().programs)
    found["product_mib"] = f"{8 * 256**3 / 16 / 2**20:g}"
    found["six_counts"], _, found["six_printed"] = counted([0, 2, 2, 1, 2, 0])
    lucky = counted([0, 1, 2, 3, 0, 1, 2, 3])
    found["lucky_counts"], found["lucky_races"], _ = lucky
    numbers = np.array([0, 2, 2, 1, 2, 0], np.int32)
    found["atomic_counts"] = text(reference.histogram(numbers, 4, block=4))
    return found


def without_mask(x):
    """Return what the simulator says of the copy without a mask."""
    try:
        EXAMPLES["reckless_kernel"][(3,)](x, device.empty(10), BLOCK=4)
    except AccessError as error:
        return text(str(error).splitlines()[0].partition("program 2: ")[2])
    raise AssertionError("the copy without a mask stayed inside")


def counted(numbers):
    """Count by load, add and store; return counts, races, and what was printed."""
    x, counts = np.array(numbers, np.int32), device.zeros(4, "int32")
    m, printed = wrong(EXAMPLES["count_kernel"], (2,), x, counts, len(x), BLOCK=4)
    return text(counts), text(" ".join(m.races)), printed
