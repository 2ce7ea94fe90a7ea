"""What auditing one lesson finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class LessonAudit:
    """The counts of one lesson, and every breach of its contract as a sentence."""

    lesson: str
    tasks: int = 0
    points: float = 0.0
    stub_points: float | None = None  # None: never graded
    reference_points: dict[int, float] = field(default_factory=dict)  # by seed
    mutants_total: int = 0
    mutants_killed: int = 0  # lose marks in the task that they name
    mutants_diagnosed: int = 0  # and are recognised as themselves
    alternatives_total: int = 0
    alternatives_passed: int = 0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether the lesson keeps its contract."""
        return not self.problems

    @property
    def full_seeds(self) -> int:
        """Number of seeds on which the reference earned everything."""
        return sum(got == self.points for got in self.reference_points.values())

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for ``--json``."""
        return {
            "lesson": self.lesson,
            "ok": self.ok,
            "tasks": self.tasks,
            "points": self.points,
            "stub_points": self.stub_points,
            "reference_points": {str(k): v for k, v in self.reference_points.items()},
            "mutants": {
                "total": self.mutants_total,
                "killed": self.mutants_killed,
                "diagnosed": self.mutants_diagnosed,
            },
            "alternatives": {
                "total": self.alternatives_total,
                "passed": self.alternatives_passed,
            },
            "seconds": round(self.seconds, 2),
            "problems": list(self.problems),
        }


def mutation_score(audits: list[LessonAudit]) -> float:
    """Return the share of mutants that lose marks where promised, 0 to 1."""
    total = sum(audit.mutants_total for audit in audits)
    killed = sum(audit.mutants_killed for audit in audits)
    return killed / total if total else 1.0
