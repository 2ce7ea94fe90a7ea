"""A task's failure, and whether a known mistake explains it.

Grading and a student's own check compare by this alone: the answers of every failing
test are the same within rounding, and what passes passes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from autograder.student.report import Verdict
from autograder.student.testing.answers import Answers
from autograder.student.testing.plugin import Outcome


@dataclass(frozen=True)
class Failure:
    """What a submission answered in the tests of a task that it fails."""

    answers: dict[str, Answers]
    failing: tuple[str, ...]  # in the order of the tests

    @classmethod
    def of(
        cls,
        outcomes: Sequence[Outcome],
        read: Callable[[Outcome], Answers] = Answers.of,
    ) -> Failure:
        """Read it from the outcomes of a task's tests, where they are repeatable."""
        outcomes = [outcome for outcome in outcomes if outcome.repeatable]
        failed = (o for o in outcomes if o.result.verdict is not Verdict.PASSED)
        return cls(
            {outcome.result.test: read(outcome) for outcome in outcomes},
            tuple(outcome.result.test for outcome in failed),
        )

    @property
    def tells(self) -> bool:
        """Whether something failed in a way that hints at a cause."""
        verdicts = {self.answers[test].verdict for test in self.failing}
        return bool(verdicts) and verdicts <= {Verdict.WRONG, Verdict.CRASH}

    @property
    def tests(self) -> tuple[str, ...]:
        """The tests in the order in which they tell mistakes apart: failing ones."""
        passing = (test for test in self.answers if test not in self.failing)
        return (*self.failing, *passing)

    def fits(self, test: str, theirs: Answers) -> bool:
        """Tell whether a mistake that answers so in a test may be this one.

        It gives the submission's answers where that fails, and passes where it passes.
        """
        if test in self.failing:
            return self.answers[test].same_as(theirs)
        return theirs.verdict == Verdict.PASSED

    def explained_by(self, theirs: Callable[[str], Answers]) -> bool:
        """Tell whether a mistake whose answers these are may be this one."""
        return all(self.fits(test, theirs(test)) for test in self.tests)
