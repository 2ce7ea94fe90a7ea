"""Lesson 02's gradients, judged by the gradient checker of lesson 01."""

from __future__ import annotations

import importlib.util
import types
from pathlib import Path

import numpy as np
import pytest

SOLUTIONS = Path(__file__).resolve().parents[2] / "solutions"
FULL, LINEAR = np.array([[1.5, 5.0], [-3.0, 3.0]]), np.array([-2.0, 8.0])
POINT = np.array([-2.0, -2.0])


def reference(lesson: str) -> types.ModuleType:
    path = SOLUTIONS / lesson / "reference.py"
    spec = importlib.util.spec_from_file_location(f"reference_of_{lesson[:2]}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def lessons() -> tuple[types.ModuleType, types.ModuleType]:
    return reference("01-gradients"), reference("02-quadratic-forms")


def test_accepts_the_gradient_of_a_full_matrix(lessons):
    first, second = lessons
    report = first.gradcheck(
        lambda x: second.evaluate(FULL, LINEAR, 4.0, x)[0],
        lambda x: second.evaluate(FULL, LINEAR, 4.0, x)[1],
        POINT,
    )
    assert report.ok


def test_accepts_the_gradient_of_the_second_form(lessons):
    first, second = lessons
    H, h, _ = second.both_forms(FULL, LINEAR, 4.0)[1]
    report = first.gradcheck(
        lambda x: second.evaluate(FULL, LINEAR, 4.0, x)[0], lambda x: H @ x - h, POINT
    )
    assert report.ok


@pytest.mark.parametrize("factor", [1, 2])
def test_rejects_a_gradient_that_forgets_the_columns(lessons, factor):
    first, second = lessons
    report = first.gradcheck(
        lambda x: second.evaluate(FULL, LINEAR, 4.0, x)[0],
        lambda x: factor * FULL @ x + LINEAR,
        POINT,
    )
    assert not report.ok
