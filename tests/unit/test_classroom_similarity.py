"""Similarity: what counts as alike, however many copied, and what never does."""

from __future__ import annotations

import ast
import sys
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from copies_kit import disguised, rewritten
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.classroom.class_similarity import suggested
from autograder.classroom.fingerprints import Prints, Source, fingerprints
from autograder.classroom.similar_page import similar_page
from autograder.classroom.similarity import (
    Group,
    Likeness,
    Pair,
    Passage,
    Place,
    similar_groups,
)
from autograder.demo.kit import Kit
from autograder.grading.mutants import lesson_mutants
from autograder.student.lesson import Lesson, find_course

COURSE = find_course(Path(__file__))
SUGGESTED = cache(suggested)


def _prints(text: str, label: str = "x") -> Prints:
    return fingerprints([Source(label, text)])


def _own_way(lesson: Lesson) -> str:
    return rewritten(lesson.reference_path.read_text(encoding="utf-8"))


def _groups(lesson: Lesson, prints: dict[str, Prints]) -> list[Group]:
    return similar_groups(prints, *SUGGESTED(lesson))


@cache
def _honest() -> list[Prints]:
    """Return different answers to 01 by people who did not meet: right and wrong."""
    lesson = COURSE.lesson("01")
    kit = Kit(lesson)
    texts = [kit.with_mutant(mutant) for mutant in lesson_mutants(lesson)[:14]]
    return [_prints(text) for text in texts]


@pytest.mark.parametrize("copies", [2, 6, 7, 10, 19, 20])
def test_however_many_copied_they_are_one_group(copies: int) -> None:
    lesson = COURSE.lesson("01")
    own = _own_way(lesson)
    prints = {f"copier-{n}": _prints(disguised(own, n)) for n in range(copies)}
    prints |= {f"honest-{n}": p for n, p in enumerate(_honest()[: 20 - copies])}
    (group,) = _groups(lesson, prints)
    assert group.students == tuple(sorted(n for n in prints if n.startswith("copier")))
    assert len(group.pairs) == copies - 1
    assert group.share > 0.9
    assert not group.word_for_word


def test_the_same_code_is_told_even_where_it_is_the_reference() -> None:
    lesson = COURSE.lesson("01")
    reference = lesson.reference_path.read_text(encoding="utf-8")
    prints = {"ada": _prints(reference), "eve": _prints(f"# by Eve\n{reference}")}
    prints |= {f"honest-{n}": p for n, p in enumerate(_honest())}
    (group,) = _groups(lesson, prints)
    assert group.students == ("ada", "eve")
    assert group.word_for_word


def test_who_copied_one_task_is_found_beside_other_own_work() -> None:
    lesson = COURSE.lesson("01")
    own = ast.parse(_own_way(lesson))
    other = ast.parse(_own_way(COURSE.lesson("06")))
    task = next(n for n in own.body if getattr(n, "name", "") == "Dual")
    eve = "\n".join(map(ast.unparse, [*other.body, task]))
    prints = {"ada": _prints(ast.unparse(own)), "eve": _prints(eve)}
    (group,) = _groups(lesson, prints)
    assert group.share < 0.6


@pytest.mark.parametrize("name", ["00", "01", "06", "09"])
def test_answers_of_people_who_did_not_meet_are_no_group(name: str) -> None:
    lesson = COURSE.lesson(name)
    kit = Kit(lesson)
    prints = {m.name: _prints(kit.with_mutant(m)) for m in lesson_mutants(lesson)[:40]}
    rights = [lesson.reference_path, *lesson.alternatives()]
    answers = {p.stem: _prints(p.read_text(encoding="utf-8")) for p in rights}
    assert _groups(lesson, prints | answers) == []
    handed_out, _ = SUGGESTED(lesson)
    assert similar_groups(answers, handed_out) == []  # not even with none known


def test_nobody_is_like_another_by_the_stub() -> None:
    lesson = COURSE.lesson("01")
    stub = lesson.exercise_path.read_text(encoding="utf-8")
    assert _groups(lesson, {name: _prints(stub) for name in ("ada", "bob")}) == []


def test_a_passage_says_where_it_stands_in_both() -> None:
    own = _own_way(COURSE.lesson("01"))
    below = fingerprints([Source("cell 1", "x = 1"), Source("a.py", own, 11)])
    (group,) = similar_groups({"ada": _prints(own, "cell 4"), "eve": below})
    (pair,) = group.pairs
    lines = len(own.splitlines())
    (passage,) = pair.passages
    assert asdict(passage.first) == {"cell": "cell 4", "first": 1, "last": lines}
    assert asdict(passage.second) == {"cell": "a.py", "first": 11, "last": lines + 10}


def test_too_little_code_says_nothing() -> None:
    short = _prints("def f(x):\n    return np.exp(x) / np.exp(x).sum()\n")
    assert similar_groups({"ada": short, "bob": short}) == []


def test_chains_are_one_group_and_strangers_another() -> None:
    tree = ast.parse(_own_way(COURSE.lesson("01")))
    parts = [ast.unparse(node) for node in tree.body]
    whole, half = "\n".join(parts), len(parts) // 2
    first, second = "\n".join(parts[:half]), "\n".join(parts[half:])
    stranger = _own_way(COURSE.lesson("06"))
    texts = {"a": first, "b": whole, "c": second, "x": stranger, "y": stranger}
    groups = similar_groups({name: _prints(text) for name, text in texts.items()})
    assert [group.students for group in groups] == [("a", "b", "c"), ("x", "y")]
    assert [(pair.first, pair.second) for pair in groups[0].pairs] in (
        [("a", "b"), ("b", "c")],
        [("b", "c"), ("a", "b")],
    )


@settings(max_examples=50)
@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_at_all_is_survived(first: str, second: str) -> None:
    similar_groups({"ada": _prints(first), "bob": _prints(second)})


def test_comparing_takes_steps_in_proportion_to_the_code() -> None:
    own = _own_way(COURSE.lesson("06"))

    def steps(n: int) -> int:
        """Count the calls that comparing two takes, Python's and C's.

        Both hold a table, in which the same tokens come again and again.
        """
        print_ = _prints(f"{own}\ntable = ({'0, ' * n})\n")
        count = 0

        def see(_frame: Any, event: str, _arg: Any) -> None:
            nonlocal count
            count += event in ("call", "c_call")

        sys.setprofile(see)
        try:
            groups = similar_groups({"ada": print_, "bob": print_})
        finally:
            sys.setprofile(None)
        assert groups
        return count

    steps(10)  # what is remembered is in memory now
    assert steps(1600) <= 9 * steps(200)


def test_no_passage_is_looked_up_for_each_line() -> None:
    reads = 0

    class Seen(Place):
        def __getattribute__(self, name: str) -> object:
            nonlocal reads
            reads += 1
            return super().__getattribute__(name)

    n = 300
    passages = tuple(Passage(*[Seen("x", 2 * k, 2 * k)] * 2) for k in range(1, n))
    group = Group(("ada", "bob"), (Pair("ada", "bob", 1.0, 9, False, passages),))
    code = {name: [Source("x", "a + b\n" * 3 * n)] for name in group.students}
    reads = 0
    page = similar_page([Likeness("06", 2, (group,), code)], {})
    assert page.count("<mark>") == 2 * (n - 1)
    assert reads <= 2 * 10 * n
