"""Hidden tests of `lost_updates`."""

import functools
import math

import pytest
from hidden.common import CONTRACT, STEP_2

from autograder.student.testing import check


@functools.cache
def final_values(first, second):
    """Count final values by states, not by schedules."""
    states = {((first, 0, None), (second, 0, None), 0): 1}
    ends = {}
    while states:
        after = {}
        for (one, two, x), ways in states.items():
            if not one[0] and not two[0]:
                ends[x] = ends.get(x, 0) + ways
                continue
            for me, mine in enumerate((one, two)):
                left, step, register = mine
                if not left:
                    continue
                value = x
                if step == 0:
                    moved = (left, 1, x)
                elif step == 1:
                    moved = (left, 2, register + 1)
                else:
                    value, moved = register, (left - 1, 0, None)
                key = (moved, two, value) if me == 0 else (one, moved, value)
                after[key] = after.get(key, 0) + ways
        states = after
    return ends


@pytest.mark.task("lost_updates", weight=2)
def test_final_values(student):
    pairs = [(1, 1), (2, 1), (1, 2), (2, 2), (0, 3), (2, 0), (0, 0), (1, 4), (3, 2)]
    got = {pair: student.lost_updates(*pair) for pair in pairs}
    plain = student.lost_updates()
    named = student.lost_updates(second=2)

    for pair, counts in {**got, (1, 1): got[1, 1]}.items():
        want = final_values(*pair)
        where = f"lost_updates{pair}"
        check.plain(counts, where)
        most = math.comb(3 * sum(pair), 3 * pair[0])
        total = sum(counts.values()) if isinstance(counts, dict) else None
        check.equal(total, most, where=f"{where}: schedules in all", look=STEP_2)
        check.equal(counts, want, where=where, look=STEP_2)
    check.equal(plain, final_values(1, 1), where="lost_updates()", look=CONTRACT)
    check.equal(named, final_values(1, 2), where="lost_updates(second=2)")
