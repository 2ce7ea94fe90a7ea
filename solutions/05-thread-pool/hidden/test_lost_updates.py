"""Hidden tests of `lost_updates`, against a count by states instead of schedules.

The values that x ends with are the core; their sum, and pairs in which one thread does
nothing, are asked for apart.
"""

import functools
import math

import pytest

from autograder.student.testing import check

STEP_2 = "Chapter, step 2."
CONTRACT = "The contract in the docstring."
PAIRS = [(1, 1), (2, 1), (1, 2), (2, 2), (1, 4), (3, 2), (4, 1)]


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


@pytest.mark.task("lost_updates", weight=3, core=True)
def test_final_values(student):
    got = {pair: student.lost_updates(*pair) for pair in PAIRS}

    for pair, counts in got.items():
        where = f"lost_updates{pair}"
        check.plain(counts, where)
        check.equal(counts, final_values(*pair), where=where, look=STEP_2)


@pytest.mark.task("lost_updates", weight=1)
def test_every_schedule_counts_once(student):
    got = {pair: student.lost_updates(*pair) for pair in PAIRS}

    for pair, counts in got.items():
        where = f"lost_updates{pair}: schedules in all"
        check.plain(counts, where)
        most = math.comb(3 * sum(pair), 3 * pair[0])
        total = sum(counts.values()) if isinstance(counts, dict) else None
        check.equal(total, most, where=where, look=STEP_2)


def asked_again(lesson):
    """Change an answer, and ask for the same once more."""
    lesson.lost_updates(1, 1)[1] = 0
    return lesson.lost_updates(1, 1)


@pytest.mark.task("lost_updates", weight=1)
def test_final_values_of_one_thread(student):
    pairs = [(0, 3), (2, 0), (0, 0)]
    got = {pair: student.lost_updates(*pair) for pair in pairs}
    plain = student.lost_updates(), student.lost_updates(1, 1)
    named = student.lost_updates(second=2), student.lost_updates(1, 2)
    again = student.run(asked_again)
    alone = student.lost_updates(2), student.lost_updates(2, 1)
    check.equal(*alone, where="lost_updates(2), and lost_updates(2, 1)", look=CONTRACT)

    for pair, counts in got.items():
        want = final_values(*pair)
        check.equal(counts, want, where=f"lost_updates{pair}", look=STEP_2)
    where = "lost_updates(), and lost_updates(1, 1)"
    check.equal(*plain, where=where, look=CONTRACT)
    where = "lost_updates(second=2), and lost_updates(1, 2)"
    check.equal(*named, where=where, look=CONTRACT)
    where = "lost_updates(1, 1), asked again after its answer was changed"
    check.equal(again, final_values(1, 1), where=where, look=CONTRACT)
