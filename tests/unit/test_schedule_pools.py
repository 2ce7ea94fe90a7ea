"""Thread pools under the explorer: every seeded bug is found, and no other.

Three pools of different design in `pools/` are right. `pytest --schedules 100000` runs
so many schedules for each scenario of theirs. Each bug is a small change of one.
"""

import pytest
from pool_bugs import BUGS, FURTHER, LISTED
from pool_scenarios import POOLS, RIGHT

from autograder.student.lab.schedule import Program


def search(bug):
    options = {"bound": 2, "schedules": 12_000, "random_schedules": 300, **bug.options}
    return bug.program.explore(bug.scenario, **options)


@pytest.mark.parametrize("name", BUGS)
def test_finds_the_bug_and_replays_it_a_hundred_times(name):
    bug = BUGS[name]
    found = search(bug)
    assert found["kind"] != "ok"
    kept = {k: v for k, v in bug.options.items() if k != "bound"}
    program = bug.program
    for _ in range(100):
        again = program.replay(bug.scenario, found["schedule"], **kept)
        assert (again["kind"], again["story"]) == (found["kind"], found["story"])


def test_there_are_enough_bugs():
    assert len(LISTED) == 15
    assert len(FURTHER) >= 8


@pytest.mark.parametrize(("pool", "scenario"), RIGHT)
def test_reports_nothing_for_a_pool_that_is_right(pool, scenario, pytestconfig):
    most = pytestconfig.getoption("--schedules")
    program = Program([(f"{pool}.py", POOLS[pool])])
    options = {"spurious": True, "hasty": True, "bound": 3}
    shares = {"schedules": most - most // 10, "random_schedules": most // 10}
    found = program.explore(scenario, **options, **shares)
    assert found["kind"] == "ok", "\n".join(found["story"])
    assert found["complete"] or found["schedules"] >= most - 10
