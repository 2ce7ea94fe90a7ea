"""The tests that you see. The hidden ones ask for the same things of other inputs."""

import numpy as np
import pytest

from autograder.student.testing import check


@pytest.mark.task("mean")
def test_mean_of_a_few_numbers(student):
    got = student.mean(np.array([1.0, 2.0, 6.0]))
    half = student.mean(np.array([3, 4]))
    small = student.mean(np.array([100, 60], dtype=np.int8))
    look = "Chapter, step 1."
    check.close(got, 3.0, rtol=1e-12, where="mean of 1, 2, 6", look=look)
    check.close(half, 3.5, rtol=1e-12, where="mean of 3, 4", look=look)
    where = "mean of 100, 60 as int8, which ends at 127"
    check.close(small, 80.0, rtol=1e-12, where=where, look=look)


@pytest.mark.task("mean")
def test_mean_of_nothing(student):
    check.raises(
        ValueError,
        student.mean,
        np.array([]),
        where="mean of an empty array",
        look="The docstring's section Raises.",
    )


@pytest.mark.task("normalise")
def test_normalise_eight_numbers(student):
    x = np.array([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0])  # mean 5, deviation 2
    check.close(
        student.normalise(x),
        (x - 5.0) / 2.0,
        atol=1e-12,
        where="normalise of eight numbers",
        look="Chapter, step 2.",
        axis_names=("position",),
    )


@pytest.mark.task("normalise")
def test_normalise_equal_numbers(student):
    for value, n in ((3.0, 2), (0.1, 3)):
        check.close(
            student.normalise(np.full(n, value)),
            np.zeros(n),
            where=f"normalise of {n} times {value:g}",
            look="Chapter, step 2: no spread, no scale.",
            axis_names=("position",),
        )


def far_from_zero(lesson):
    """Normalise two numbers near 1e9; return the answer, and the numbers after it."""
    import numpy as np

    x = np.array([1e9, 1e9 + 2])
    return lesson.normalise(x), x


@pytest.mark.task("normalise")
def test_normalise_far_from_zero(student):
    got, after = student.run(far_from_zero)
    where, look = "normalise of 1e9 and 1e9 + 2", "Chapter, step 2."
    check.close(got, [-1.0, 1.0], atol=1e-9, where=where, look=look)
    check.unchanged(after, [1e9, 1e9 + 2], where=f"{where}: x afterwards", look=look)


@pytest.mark.task("halvings")
@pytest.mark.parametrize(
    ("scale", "limit", "want"), [(8.0, 1.0, 3), (5.0, 1.0, 3), (1.0, 2.0, 0)]
)
def test_halvings_counts(student, scale, limit, want):
    got = student.halvings(scale, limit)
    where = f"halvings of {scale:g} down to {limit:g}"
    check.equal(got, want, where=where, look="Chapter, step 3.")


@pytest.mark.task("halvings")
def test_halvings_refuses_what_never_ends(student):
    look = "Chapter, step 3: ask what is allowed."
    for scale, limit in (
        (float("inf"), 1.0),
        (1.0, 0.0),
        (-1.0, 1.0),
        (float("nan"), 1.0),
    ):
        check.raises(
            ValueError,
            student.halvings,
            scale,
            limit,
            where=f"halvings of {scale:g} down to {limit:g}",
            look=look,
        )
