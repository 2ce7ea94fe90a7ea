"""Names a mistake: a failing submission's answers, compared with known mistakes'.

The mutants of a failing task are run on its very tests and inputs, each only until an
answer differs. If every answer of every failing test is the same within rounding, and
the mutant fails nothing else in the task, the submission makes that mutant's mistake.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from autograder.grading.bank import Bank
from autograder.grading.mutants import Mutant
from autograder.student.testing.failure import Failure
from autograder.student.testing.plugin import Outcome

#: How long to wait for answers that other workers compute: as long as any test takes.
#: Who has waited longer computes them as well, and comes to the same.
_PATIENCE_S, _PAUSE_S = 60.0, 0.005


def known_mistakes(
    bank: Bank, outcomes: Mapping[str, Sequence[Outcome]]
) -> dict[str, Mutant]:
    """Name the mistake behind each failing task, where it is a known one.

    A task's own mutants come first. A task that none of them explains may rest on
    another: then the mistakes found there are tried.

    Args:
        bank: the known mistakes.
        outcomes: the outcomes of all tests of each task.

    Returns:
        The mutant of each task whose mistake is known.
    """
    failing = {task: Failure.of(mine) for task, mine in outcomes.items()}
    failing = {task: failure for task, failure in failing.items() if failure.tells}
    found: dict[str, Mutant] = {}
    try:
        for task, failure in failing.items():
            own = [mutant for mutant in bank.mutants if mutant.task == task]
            found |= _first(bank, task, own, failure)
        for task, failure in failing.items():
            if task not in found:
                found |= _first(bank, task, list(found.values()), failure)
    finally:
        bank.rest()
    return found


def _first(
    bank: Bank, task: str, mutants: Sequence[Mutant], failure: Failure
) -> dict[str, Mutant]:
    """Return the first of the mutants that explains a task's failure.

    While another worker runs one, we go on with the next, and come back.
    """
    found: dict[str, Mutant] = {}
    todo, waited_s = list(mutants), 0.0
    while todo:
        left: list[Mutant] = []
        for mutant in todo:
            fits = _fits(bank, mutant, failure, waited_s < _PATIENCE_S)
            if fits is None:
                left.append(mutant)
            elif fits:  # then only those before it are still of interest
                found = {task: mutant}
                break
        if len(left) == len(todo):
            time.sleep(_PAUSE_S)
            waited_s += _PAUSE_S
        todo = left
    return found


def _fits(
    bank: Bank, mutant: Mutant, failure: Failure, is_patient: bool
) -> bool | None:
    """Tell whether a mutant explains a failure; None while others find that out."""
    for test in failure.tests:
        answers = bank.answers(mutant, test, is_patient=is_patient)
        if answers is None:
            return None
        if not failure.fits(test, answers):
            return False
    return True
