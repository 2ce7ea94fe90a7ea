"""What auditing one lesson finds."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

IDEA_MEDIAN, IDEA_MOST, EDGE_MOST = 0.40, 0.60, 0.90
#: Shares of a lesson's mistakes that its public tests must catch, and of the names that
#: a student's own check gives that must be right.
PUBLIC_IDEA, PUBLIC_ALL, NAMES_RIGHT = 0.90, 0.60, 0.95


@dataclass(frozen=True)
class MutantAudit:
    """What one known mistake gets in the task that it must lose."""

    name: str
    where: str  # its file, and its name there
    task: str
    severity: str  # idea or edge
    kept: float  # share of the task's points
    core: bool  # whether it fails a core check
    diagnosis: str | None  # the mistake that the grader takes it for
    problem: str = ""  # the grader's own failure

    def problems(self) -> Iterator[str]:
        """Yield what is wrong with it by itself."""
        if self.problem:
            yield f"{self.where}: {self.problem}"
        elif self.kept == 1:
            yield f"{self.where}: survives {self.task}"
        elif self.diagnosis != self.name:
            yield f"{self.where}: is taken for {self.diagnosis or 'nothing known'}"
        elif self.kept > (most := IDEA_MOST if self.severity == "idea" else EDGE_MOST):
            yield (
                f"{self.where}: keeps {self.kept:.0%} of {self.task}, and a mistake of"
                f" severity {self.severity} may keep {most:.0%}"
            )


def mark_problems(task: str, mutants: list[MutantAudit]) -> Iterator[str]:
    """Yield where the marks of a task say less than its mistakes mean."""
    ideas = [m.kept for m in mutants if m.severity == "idea"]
    if ideas and (median := statistics.median(ideas)) > IDEA_MEDIAN:
        yield (
            f"{task}: who misunderstood it keeps {median:.0%} in the median, more than"
            f" {IDEA_MEDIAN:.0%}: mark the tests of its idea with core=True"
        )


@dataclass(frozen=True)
class PublicAudit:
    """What one known mistake comes to in the tests that students have."""

    name: str
    task: str
    severity: str
    is_caught: bool  # by a public test of its task
    names: tuple[str, ...]  # the mistakes that check takes it for, one a failing task

    @property
    def is_named(self) -> bool:
        """Whether check names it, and nothing else."""
        return set(self.names) == {self.name}


def caught(public: Sequence[PublicAudit], severity: str = "") -> float:
    """Return the share that public tests catch, of a severity or of all."""
    mine = [one for one in public if not severity or one.severity == severity]
    return sum(one.is_caught for one in mine) / len(mine) if mine else 1.0


def names_right(public: Sequence[PublicAudit]) -> float:
    """Return the share of the names that check gives which are right."""
    given = [(name, one.name) for one in public for name in one.names]
    return sum(name == own for name, own in given) / len(given) if given else 1.0


def public_test_problems(public: Sequence[PublicAudit]) -> Iterator[str]:
    """Yield where the tests that students have know too little of a lesson's bank."""
    for severity, least in (("idea", PUBLIC_IDEA), ("", PUBLIC_ALL)):
        if (share := caught(public, severity)) < least:
            missed = [m for m in public if not m.is_caught]
            missed = [m for m in missed if not severity or m.severity == severity]
            first = ", ".join(f"{m.task}: {m.name}" for m in missed[:3])
            yield (
                f"test_public.py: catches {share:.0%} of {severity or 'all'} mistakes,"
                f" fewer than {least:.0%}; it misses {len(missed)}, among them {first}"
            )
    if (share := names_right(public)) < NAMES_RIGHT:
        wrong = next(m for m in public if set(m.names) - {m.name})
        name = next(name for name in wrong.names if name != wrong.name)
        yield (
            f"test_public.py: {share:.0%} of the names that check gives are right,"
            f" fewer than {NAMES_RIGHT:.0%}; it takes {wrong.name} for {name}"
        )


@dataclass
class LessonAudit:
    """The counts of one lesson, and every breach of its contract as a sentence."""

    lesson: str
    tasks: int = 0
    points: float = 0.0
    stub_points: float | None = None  # None: never graded
    reference_points: dict[int, float] = field(default_factory=dict)  # by seed
    mutants: list[MutantAudit] = field(default_factory=list)
    public: list[PublicAudit] = field(default_factory=list)
    alternatives_total: int = 0
    alternatives_passed: int = 0
    cpu_s: float = 0.0  # spent, none for what was remembered
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether the lesson keeps its contract."""
        return not self.problems

    @property
    def full_seeds(self) -> int:
        """Number of seeds on which the reference earned everything."""
        return sum(got == self.points for got in self.reference_points.values())

    @property
    def killed(self) -> int:
        """Number of mistakes that lose marks in the task that they name."""
        return sum(m.kept < 1 and not m.problem for m in self.mutants)

    @property
    def diagnosed(self) -> int:
        """Number of mistakes that are recognised as themselves."""
        return sum(m.diagnosis == m.name for m in self.mutants)

    @property
    def named(self) -> int:
        """Number of mistakes that a student's own check names, and nothing else."""
        return sum(one.is_named for one in self.public)

    def kept(self, severity: str) -> list[float]:
        """Return the shares that mistakes of a severity keep of their tasks' points."""
        return [m.kept for m in self.mutants if m.severity == severity]

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
                "total": len(self.mutants),
                "killed": self.killed,
                "diagnosed": self.diagnosed,
                "each": [asdict(mutant) for mutant in self.mutants],
            },
            "public_tests": {
                "idea": round(caught(self.public, "idea"), 4),
                "all": round(caught(self.public), 4),
                "named": self.named,
                "names_right": round(names_right(self.public), 4),
                "each": [asdict(one) for one in self.public],
            },
            "alternatives": {
                "total": self.alternatives_total,
                "passed": self.alternatives_passed,
            },
            "cpu_s": round(self.cpu_s, 2),
            "problems": list(self.problems),
        }


def mutation_score(audits: list[LessonAudit]) -> float:
    """Return the share of mutants that lose marks where promised, 0 to 1."""
    total = sum(len(audit.mutants) for audit in audits)
    killed = sum(audit.killed for audit in audits)
    return killed / total if total else 1.0
