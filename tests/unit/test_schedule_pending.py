"""The plans that a search has yet to run."""

from autograder.student.lab.schedule.search.pending_plans import Pending

CHOICES = [(4, 1, 1), (5, 2, 0), (6, ~1, 1)]


def test_the_first_choice_of_the_last_run_comes_first():
    stack = Pending()
    stack.push(((1, 2),), CHOICES, 1, most=10)
    stack.push((), CHOICES, 0, most=10)
    stack.push((), CHOICES, 2, most=10)
    assert [stack.pop() for _ in range(len(stack))] == [
        ((5, 2),),
        ((1, 2), (4, 1)),
        ((1, 2), (6, -2)),
    ]
    assert not stack
    assert not stack.dropped


def test_keeps_no_more_than_can_be_run():
    stack = Pending()
    stack.push((), CHOICES, 1, most=1)
    assert stack.dropped
    assert stack.pop() == ((4, 1),)
    stack.push((), [(n, 0, 1) for n in range(1, 10**5)], 1, most=10**6)
    (_, numbers), *_ = stack._runs
    assert len(stack) == 10**5 - 1
    assert numbers.itemsize * len(numbers) < 2 * 10**6
