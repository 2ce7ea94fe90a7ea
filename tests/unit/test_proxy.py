"""The student proxy, over a submission in this process; the jail runs the same code."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from toy import Cell

from autograder.student import codec
from autograder.student.proxy import (
    NotAttempted,
    NotPlain,
    Session,
    StudentError,
    StudentOutput,
    StudentRaised,
)
from autograder.student.report import InfrastructureError, Verdict
from autograder.student.testing import check
from autograder.student.testing.in_process import LocalChannel
from autograder.student.view import Student
from autograder.student.vocabulary import Vocabulary

SOURCE = """
import dataclasses, enum, math, warnings
import numpy as np

def echo(*args, **kwargs):
    return [args, kwargs] if kwargs else args[0]

def boom(kind, text):
    raise {"value": ValueError, "key": KeyError, "os": OSError}.get(kind, Own)(text)

class Own(Exception):
    pass

class Dual:
    def __init__(self, value, tangent):
        self.value, self.tangent = value, tangent
    def __add__(self, other):
        if not isinstance(other, Dual):
            other = Dual(other, 0.0)
        return Dual(self.value + other.value, self.tangent + other.tangent)
    __radd__ = __add__
    def __mul__(self, other):
        if not isinstance(other, Dual):
            other = Dual(other, 0.0)
        return Dual(
            self.value * other.value,
            self.tangent * other.value + self.value * other.tangent,
        )
    __rmul__ = __mul__
    def __neg__(self):
        return Dual(-self.value, -self.tangent)
    def __eq__(self, other):
        return True

def jvp(f, x, v):
    y = f(Dual(x, v))
    return y.value, y.tangent

def retry(f):
    try:
        return f(0)
    except ZeroDivisionError as error:
        return "caught " + str(error)

def stub():
    raise NotImplementedError("stub: chapter, step 1")

def leave():
    raise SystemExit(0)

def ask():
    return input("n?")

def shout():
    print("x" * 3_000_000)

def noisy():
    warnings.warn("beware")
    print("hello")
    return 1

def endless():
    return [endless]

def objects():
    return np.array([object()])

def big():
    return np.zeros(20_000_000)

def naturals():
    n = 0
    while True:
        yield n
        n += 1

def squares(n):
    return (i * i for i in range(n))

class Colour(enum.Enum):
    RED = 1

@dataclasses.dataclass(frozen=True)
class Report:
    ok: bool
    inner: object

@dataclasses.dataclass
class Counter:
    n: int
    def up(self):
        self.n += 1

def large():
    return np.zeros(LARGE, np.uint8)

def size(x):
    return np.size(x) if isinstance(x, np.ndarray) else 0

def deep(n):
    return [deep(n - 1)] if n else []

def calls_with(f, x):
    return f(x)

def calls_with_much(f):
    return f(list(range(200_000)))

def calls_for_ever(f):
    while True:
        f(np.zeros(2**20))

def name_of(f):
    return f.__name__

def read(f):
    inner = next(c.cell_contents for c in f.__closure__ if callable(c.cell_contents))
    return [inner.__name__, inner.__doc__, inner.__code__.co_filename]

def apply(f, x):
    return f(x)

def report():
    return Report(True, Report(False, (1, 2)))
"""


SOURCE = SOURCE.replace("LARGE", str(codec.MAX_BYTES - 128))


@pytest.fixture
def student():
    channel = LocalChannel.load([Cell("cell 1", SOURCE), Cell("cell 2", "x = 1 / 0")])
    return Student(Session(channel))


def test_calls_return_plain_copies(student):
    x = np.arange(6.0).reshape(2, 3)
    got = student.echo(x)
    np.testing.assert_array_equal(got, x)
    got[0, 0] = 9
    assert x[0, 0] == 0
    assert student.echo(1, b=Fraction(1, 3)) == [(1,), {"b": Fraction(1, 3)}]


def test_exceptions_are_also_the_builtin_type(student):
    with pytest.raises(ValueError, match="bad") as caught:
        student.boom("value", "bad")
    assert isinstance(caught.value, StudentRaised)
    assert caught.value.verdict is Verdict.CRASH
    assert str(caught.value.message).splitlines() == [
        "boom raised ValueError: bad",
        "  at cell 1, line 9, in boom",
    ]
    with pytest.raises(OSError, match="disk"):
        student.boom("os", "disk")
    with pytest.raises(StudentRaised) as own:
        student.boom("own", "mine")
    assert own.value.type_name == "Own"
    assert not isinstance(own.value, ValueError)


def test_a_stub_is_not_attempted(student):
    with pytest.raises(NotAttempted) as caught:
        student.stub()
    assert "chapter, step 1" in str(caught.value.message)


def test_a_missing_name_is_explained():
    broken = Cell("cell 2", "def lost(:\n    pass", names=("lost",))
    student = Student(Session(LocalChannel.load([Cell("cell 1", "y = 1"), broken])))
    with pytest.raises(StudentRaised) as caught:
        student.lost()
    assert "cell 2 did not run" in str(caught.value.message)
    assert "SyntaxError" in str(caught.value.message)
    with pytest.raises(NotAttempted, match="nothing defines absent"):
        student.absent()


def test_leaving_and_asking_are_explained(student):
    with pytest.raises(StudentError, match="SystemExit") as caught:
        student.leave()
    assert "Return the answer" in caught.value.message.look
    with pytest.raises(StudentError) as caught:
        student.ask()
    assert caught.value.verdict is Verdict.CRASH


def test_callbacks_run_here_and_may_compute_with_objects(student):
    assert student.jvp(lambda x: x * x * 3 + 1 + x, 2.0, 1.0) == (15.0, 13.0)
    assert student.jvp(lambda x: -x, 2.0, 1.0) == (-2.0, -1.0)


def test_an_exception_of_a_callback_reaches_the_submission(student):
    assert student.retry(lambda n: 1 / n) == "caught division by zero"


def test_a_failed_check_inside_a_callback_ends_the_test(student):
    def f(x):
        raise AssertionError("checked inside")

    with pytest.raises(AssertionError, match="checked inside"):
        student.retry(f)


def test_objects_are_equal_to_nothing_and_have_no_truth(student):
    dual = student.Dual(1.0, 2.0)
    assert dual.value == 1.0
    for use in (lambda: dual == 1.0, lambda: bool(dual)):
        with pytest.raises(NotPlain, match="Dual"):
            use()
    with pytest.raises(TypeError):
        float(dual)
    with pytest.raises(AttributeError):
        dual.__array__  # noqa: B018


def test_iterables_are_read_in_batches_with_an_end(student):
    assert list(student.squares(150)) == [i * i for i in range(150)]
    first = []
    for n in student.naturals():
        first.append(n)
        if n == 200:
            break
    assert first == list(range(201))


def test_constant_fields_come_along_and_others_are_asked_for(student):
    report = student.report()
    asked = len(student._session.transcript)
    assert report.ok is True
    assert report.inner.inner == (1, 2)
    assert len(student._session.transcript) == asked
    counter = student.Counter(1)
    counter.up()
    assert counter.n == 2


def test_enumerations_have_names(student):
    assert student.run(lambda_free_scenario, n=2) == ["RED", 3]


def lambda_free_scenario(module, n):
    import math

    return [module.Colour.RED.name, int(math.sqrt(9)) + n - 2]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("shout", StudentOutput), ("big", StudentOutput), ("objects", NotPlain)],
)
def test_too_much_and_too_odd_answers(student, name, kind):
    with pytest.raises(kind):
        getattr(student, name)()


def test_prints_and_warnings_cost_nothing(student):
    assert student.noisy() == 1


def test_what_we_cannot_send_is_our_failure(student):
    with pytest.raises(InfrastructureError):
        student.echo(object())


def test_what_was_answered_can_be_handed_back(student):
    large = student.large()
    assert large.nbytes == codec.MAX_BYTES - 128
    assert student.size(large) == large.size
    with pytest.raises(StudentOutput):  # our request fails for what it returned
        student.size([large] * 5)


def test_what_a_test_makes_of_an_answer_is_not_our_failure(student):
    deep = student.deep(codec.MAX_DEPTH - 3)
    for _ in range(4):
        deep = [deep]
    with pytest.raises(StudentOutput):
        student.size(deep)
    with pytest.raises(NotPlain):
        student.size(np.asarray(student.echo({"a": 1})))


def test_all_that_one_test_is_told_is_bounded(student):
    told = check.counted(lambda x: 1)
    with pytest.raises(StudentOutput):
        student.calls_for_ever(told)
    assert sum(x.nbytes for x in told.args) < 2**28


def test_arguments_of_a_callback_are_bounded_too(student):
    with pytest.raises(StudentOutput):
        student.calls_with_much(lambda x: 1)


@pytest.mark.parametrize("kind", ["int8", "float16"])
def test_a_callback_is_given_no_array_that_keeps_us_computing(student, kind):
    asked = check.counted(lambda x: x @ x)
    with pytest.raises(StudentOutput):
        student.calls_with(asked, np.ones((2000, 2000), kind))
    assert asked.calls == 0
    assert student.calls_with(asked, np.ones((9, 9), kind))[0, 0] == 9


def test_a_hidden_test_tells_type_and_place_of_an_exception_alone(student):
    student._session.words = Vocabulary([("cell 1", SOURCE), ("cell 2", "x = 1 / 0")])
    for kind, type_name in (("value", "ValueError"), ("own", "Exception")):
        with pytest.raises(StudentRaised) as caught:
            student.boom(kind, "the input")
        assert str(caught.value.message).splitlines() == [
            f"boom raised {type_name}",
            "  at cell 1, line 9, in boom",
        ]
    with pytest.raises(NotAttempted) as stub:
        student.stub()
    assert "stub: chapter, step 1" in str(stub.value.message)


def test_a_submission_reads_no_name_of_a_hidden_test(student):
    def secret_name(x):
        return x

    assert student.name_of(secret_name) == "f"
    told = student.run(scenario_with_a_secret_name, text="a")
    assert told == ["scenario", "scenario", None, ["a"]]


def secret_power(x, exponent):
    """Say what this secret is about."""
    return SECRET_BASE + x**exponent


SECRET_BASE = 100


def test_a_kept_function_runs_beside_the_submission_and_calls_nobody(student):
    cubes = student.keep_function(secret_power, exponent=3)
    assert student.apply(cubes, 2.0) == 108.0
    np.testing.assert_array_equal(student.apply(cubes, np.arange(3.0)), [100, 101, 108])
    assert student._session._callbacks == {}
    assert student.name_of(cubes) == "f"
    assert student.read(cubes) == ["scenario", None, "scenario"]
    with pytest.raises(InfrastructureError, match="no function at the top"):
        student.keep_function(lambda x: x)


def scenario_with_a_secret_name(module, text):
    """Say what this secret is about."""
    import sys

    def other(n):
        """Another secret."""
        return scenario_with_a_secret_name(module, None) if n else [text]

    if text is None:
        return 0
    code = sys._getframe().f_code
    return [code.co_name, code.co_filename, other.__doc__, other(0)]


def test_keeps_what_was_answered_for_the_diagnosis(student):
    session = student._session
    student.echo(3)
    with pytest.raises(ValueError, match="bad"):
        student.boom("value", "bad")
    assert session.transcript == [("echo", 3), ("boom", "raised ValueError")]
