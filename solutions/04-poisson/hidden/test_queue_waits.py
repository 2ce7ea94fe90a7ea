"""Hidden tests of `queue_waits` and `mm1_wait`: one server, and its theory."""

import math

import numpy as np
import pytest
from hidden.laws import CONTRACT, STEPS, floats, kept, number, refuses

from autograder.student.testing import check

STEP = STEPS[9]


def want_of(arrivals, services):
    """Return the waits by keeping the time at which the server is free."""
    free, waits = -math.inf, []
    for arrival, service in zip(arrivals, services, strict=True):
        start = max(free, arrival)
        waits.append(start - arrival)
        free = start + service
    return waits


def judge(got, arrivals, services, where, look):
    """Check the waits of all customers."""
    floats(got, where, look, len(arrivals), look is CONTRACT)
    want = want_of(arrivals, services)
    scale = max(*map(abs, arrivals), *services)
    check.close(got, want, rtol=1e-9, atol=1e-12 * scale, where=where, look=look)


@pytest.mark.task("queue_waits", weight=3, core=True)
def test_waits(student, rng):
    cases = {
        "a busy server": np.cumsum(rng.exponential(1.0, size=80)),
        "a server overrun": np.cumsum(rng.exponential(0.3, size=40)),
    }
    services = rng.exponential(0.9, size=80)
    answers = [
        student.queue_waits(arrivals, services[: arrivals.size])
        for arrivals in cases.values()
    ]
    small = student.queue_waits(np.array([0.0, 1, 2, 10]), np.array([3.0, 1, 4, 1]))
    for (kind, arrivals), got in zip(cases.items(), answers, strict=True):
        where = f"queue_waits, {kind}"
        judge(got, arrivals, services[: arrivals.size], where, STEP)
    where = "queue_waits, arrivals 0, 1, 2, 10 and services 3, 1, 4, 1"
    check.close(small, [0, 2, 2, 0], atol=1e-12, where=where, look=STEP)


@pytest.mark.task("queue_waits", weight=2, core=True)
def test_idle_time_is_not_saved(student):
    arrivals = np.array([5.0, 100.0, 101.0, 200.0, 200.5])
    services = np.array([1.0, 4.0, 2.0, 0.25, 7.0])
    got = student.queue_waits(arrivals, services)
    where = "queue_waits, long pauses between customers"
    judge(got, arrivals, services, where, STEP)


@pytest.mark.task("queue_waits", weight=2)
def test_edges(student):
    cases = {
        "all at once": (np.full(4, 3.0), np.array([2.0, 0.0, 1.0, 5.0])),
        "integers": (np.array([0, 1, 1, 2]), np.array([3, 1, 2, 2])),
        "negative times": (np.array([-9.0, -8.5, -8.0]), np.array([2.0, 0.1, 1.0])),
        "far below 0": (np.array([-9e6, 1 - 9e6]), np.array([2.0, 1.0])),
        "services of 0": (np.array([1.0, 1.0, 2.0]), np.zeros(3)),
        "times near 1e-13": (
            np.array([0, 1e-13, 2e-13]),
            np.array([5e-13, 5e-13, 1e-13]),
        ),
        "one customer": (np.array([4.0]), np.array([2.0])),
        "a service that ends as the next one comes": (
            np.array([0.0, 2.0, 3.0]),
            np.array([2.0, 1.0, 1.0]),
        ),
        "int8": (
            np.array([0, 1, 2, 3], dtype=np.int8),
            np.array([100, 100, 100, 1], dtype=np.int8),
        ),
        "int8, far apart": (
            np.array([-100, 100], dtype=np.int8),
            np.array([120, 1], dtype=np.int8),
        ),
    }
    for kind, (arrivals, services) in cases.items():
        got = student.queue_waits(arrivals, services)
        where = f"queue_waits, {kind}"
        want_from = arrivals.astype(float), services.astype(float)
        judge(got, *want_from, where, CONTRACT)
    none = student.queue_waits(np.zeros(0), np.zeros(0))
    floats(none, "queue_waits, nobody", size=0, double=True)


@pytest.mark.task("queue_waits", weight=1)
def test_many_customers(student):
    n = 100_000
    arrivals, services = np.arange(n) * 1.0, np.full(n, 1.25)
    got = student.queue_waits(arrivals, services)
    where = "queue_waits, 100,000 customers"
    floats(got, where, size=n)
    want = np.arange(n) * 0.25
    check.close(got, want, rtol=1e-9, atol=1e-6, where=where, look=CONTRACT)


@pytest.mark.task("queue_waits", weight=1)
def test_queue_refuses(student):
    one, two = np.array([1.0, 2.0]), np.array([0.5, 0.5])
    for kind, arrivals, services in (
        ("one service too many", one, np.ones(3)),
        ("one service for two", one, np.ones(1)),
        ("arrivals that fall", one[::-1].copy(), two),
        ("a fall between others", np.array([0.0, 3.0, 2.0, 5.0]), np.ones(4)),
        ("falling arrivals of uint8", np.array([3, 1], dtype=np.uint8), two),
        ("a negative service", one, np.array([0.5, -0.5])),
        ("a service just below 0", one, np.array([-1e-300, 0.5])),
        ("just falling arrivals", np.array([2.0, math.nextafter(2.0, 0.0)]), two),
        ("a negative first service", one, np.array([-1.0, 0.5])),
        ("a NaN among the arrivals", np.array([1.0, math.nan]), two),
        ("one arrival, NaN", np.array([math.nan]), np.ones(1)),
        ("a NaN among the services", one, np.array([math.nan, 1.0])),
        ("a NaN as the last service", one, np.array([1.0, math.nan])),
        ("services in a column", one, np.full((2, 1), 0.5)),
        ("services for nobody", np.zeros(0), np.ones(1)),
    ):
        refuses(student, "queue_waits", kind, arrivals, services)


@pytest.mark.task("queue_waits", weight=1)
def test_queue_waits_leaves_its_arguments(student):
    kept(student, "queue_waits", [np.array([0.0, 1.0, 2.0]), np.array([3.0, 1.0, 1.0])])


@pytest.mark.task("queue_waits", weight=3, core=True)
def test_theory(student, rng):
    arrival, service = float(rng.uniform(1.0, 2.0)), float(rng.uniform(3.0, 5.0))
    got = student.mm1_wait(arrival, service)
    pair = student.mm1_wait(0.8, 1.0), student.mm1_wait(8.0, 10.0)

    for kind, answer, want in (
        ("random rates", got, arrival / service / (service - arrival)),
        ("rates of 0.8 and 1", pair[0], 4.0),
        ("rates of 8 and 10", pair[1], 0.4),
    ):
        where = f"mm1_wait, {kind}"
        number(answer, where)
        check.close(answer, want, rtol=1e-9, where=where, look=STEP)


@pytest.mark.task("queue_waits", weight=1)
def test_theory_on_the_edge(student):
    for arrivals, services, want in (
        (0.0, 2.0, 0.0),
        (1, 2, 0.5),
        (0, 1, 0.0),
        (1.0, math.inf, 0.0),
    ):
        got = student.mm1_wait(arrivals, services)
        where = f"mm1_wait({arrivals}, {services})"
        number(got, where)
        check.close(got, want, rtol=1e-12, where=where, look=CONTRACT)


@pytest.mark.task("queue_waits", weight=1)
def test_overrun(student):
    for arrivals, services in ((3.0, 2.0), (2, 1)):
        got = student.mm1_wait(arrivals, services)
        where = f"mm1_wait({arrivals}, {services})"
        number(got, where)
        check.close(got, math.inf, where=where, look=STEP)


@pytest.mark.task("queue_waits", weight=1)
def test_balance(student):
    near = student.mm1_wait(1.0, 1.0 + 2.0**-34)
    check.close(
        near, 2.0**34, rtol=1e-3, where="mm1_wait, nearly in balance", look=STEP
    )
    got = student.mm1_wait(2.0, 2.0)
    number(got, "mm1_wait(2.0, 2.0)")
    check.close(got, math.inf, where="mm1_wait(2.0, 2.0)", look=STEP)


@pytest.mark.task("queue_waits", weight=1)
def test_theory_refuses(student):
    for kind, arrivals, services in (
        ("a negative arrival rate", -1.0, 2.0),
        ("a service rate of 0", 1.0, 0.0),
        ("both rates 0", 0.0, 0.0),
        ("a negative service rate", 1.0, -2.0),
        ("an arrival rate of NaN", math.nan, 2.0),
        ("a service rate of NaN", 1.0, math.nan),
    ):
        refuses(student, "mm1_wait", kind, arrivals, services)
