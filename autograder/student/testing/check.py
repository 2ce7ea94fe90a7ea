"""Comparators of hidden and public tests: on failure, three lines that teach.

Every comparator takes ``where`` (what was asked, in the student's words) and ``look``
(where to read on), and raises ``CheckFailed`` with the evidence it found. Values that
come from a submission are first made sure to be plain: no subclass, no object array.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from autograder.student.error_map import Drawing, ErrorMap
from autograder.student.proxy import Handle, NotPlain, StudentError, StudentRaised
from autograder.student.report import Message, gettext
from autograder.student.tensors import is_tensor, name_of, numbers_of
from autograder.student.testing import shown
from autograder.student.testing.shown import quoting as quoting
from autograder.student.testing.shown import revealing as revealing
from autograder.student.testing.shown import show as show
from autograder.student.testing.shown import show_own as show_own

_AXES = ("row", "column")
#: What comparing values of unlike kinds may raise.
_UNLIKE = (TypeError, ValueError, OverflowError)


class CheckFailed(AssertionError):
    """A submission's answer is wrong; the message is for the student."""

    def __init__(
        self, where: str, evidence: str, look: str = "", got: Any = None
    ) -> None:
        super().__init__(where)
        self.got = got  # the answer itself
        self.drawing: Drawing | None = None  # shows what the message says
        self.message = Message(where, evidence, look)

    def __str__(self) -> str:
        return str(self.message)


def failure(error: BaseException | None) -> CheckFailed | None:
    """Return an error that a comparator raised, without the frames that it holds."""
    return error.with_traceback(None) if isinstance(error, CheckFailed) else None


def close(
    got: Any,
    want: ArrayLike,
    *,
    rtol: float = 0.0,
    atol: float = 0.0,
    where: str,
    look: str = "",
    axis_names: Sequence[str] = _AXES,
    dtype: DTypeLike | None = None,
) -> None:
    """Check numbers within ``atol + rtol * |want|``; NaN equals NaN, inf equals inf.

    Args:
        got: the submission's number or array.
        want: the expected number, array or tensor; shapes must be equal, and for a
            tensor ``got`` must be one.
        rtol: relative tolerance, elementwise.
        atol: absolute tolerance.
        where: what was asked, the message's first line.
        look: where to read on, the message's last line.
        axis_names: names of the axes, for telling which element is the worst.
        dtype: the dtype that ``got`` must have; any numeric one by default.

    Raises:
        CheckFailed: wrong type, shape, dtype or value.
    """
    _is_tensor_too(got, want, where, look)
    answer, expected = _array(got, where, look), np.asarray(numbers_of(want))
    if answer.shape != expected.shape:
        _fail(where, _shapes(answer.shape, expected.shape), look, got)
    if dtype is not None and answer.dtype != np.dtype(dtype):
        _fail(where, _dtypes(answer.dtype, dtype), look, got)
    if expected.size == 0:
        return
    if answer.dtype.kind == "f" and expected.dtype == np.float64:
        with np.errstate(all="ignore"):  # the common case, in half the time
            allowed = atol + rtol * np.abs(expected)
            near = np.abs(answer - expected) <= allowed
        if near.all() and np.isfinite(allowed).all():
            return
    wide = np.result_type(answer, expected, np.float64)
    answer, expected = answer.astype(wide), expected.astype(wide)
    with np.errstate(all="ignore"):
        error = np.abs(answer - expected)
        allowed = atol + rtol * np.abs(expected)
        same = (answer == expected) | (np.isnan(answer) & np.isnan(expected))
        excess = np.where(same, -np.inf, error - allowed)
        excess[np.isnan(excess)] = np.inf  # a NaN or an infinity where none belongs
    worst = np.unravel_index(int(np.argmax(excess)), excess.shape)
    if excess[worst] > 0:
        want, limit = expected[worst], np.broadcast_to(allowed, error.shape)[worst]
        evidence = gettext("got {got}").format(got=shown.number(answer[worst]))
        if shown.reveals():
            evidence += gettext(", expected {want}").format(want=shown.number(want))
        if np.isfinite(error[worst]):
            evidence += gettext(" (error {error:.1e}, allowed {allowed:.1e})").format(
                error=error[worst], allowed=limit
            )
        wrong = int((excess > 0).sum())
        if excess.size > 1:
            evidence += "\n" + gettext("{n} of {size} values are wrong").format(
                n=wrong, size=excess.size
            )
        failed = CheckFailed(where + _place(worst, axis_names), evidence, look, got)
        if excess.ndim:
            with np.errstate(all="ignore"):
                times = np.where(excess > 0, np.maximum(error / allowed, 1.001), 0.0)
            failed.drawing = ErrorMap(where, np.where(np.isnan(times), np.inf, times))
        raise failed


def equal(got: Any, want: Any, *, where: str, look: str = "") -> None:
    """Check exact equality of plain values: type family, shape and every element.

    Integers, floats and NumPy scalars of the same value are equal; ``True`` is not 1,
    a list is not a tuple.
    """
    plain(got, where, look)
    if isinstance(want, np.ndarray) or is_tensor(want):
        close(got, want, where=where, look=look)
        return
    if not _same(got, want):
        evidence = gettext("got {got}").format(got=show(got))
        if shown.reveals():
            evidence += gettext(", expected {want}").format(want=shown.show_own(want))
        _fail(where, evidence, look, got)


def shape(got: Any, want: tuple[int, ...], *, where: str, look: str = "") -> None:
    """Check an array's shape."""
    answer = _array(got, where, look)
    if answer.shape != tuple(want):
        _fail(where, _shapes(answer.shape, tuple(want)), look, got)


def dtype(got: Any, want: DTypeLike, *, where: str, look: str = "") -> None:
    """Check an array's dtype, or a tensor's by its name."""
    if is_tensor(got) and name_of(got) != np.dtype(want).name:
        evidence = gettext("got dtype {got}, expected {want}")
        text = evidence.format(got=name_of(got), want=np.dtype(want))
        _fail(where, text, look, got)
    answer = _array(got, where, look)
    if answer.dtype != np.dtype(want):
        _fail(where, _dtypes(answer.dtype, want), look, got)


def true(condition: Any, *, where: str, evidence: str, look: str = "") -> None:
    """Check any condition; ``evidence`` says what was found instead."""
    if type(condition) not in (bool, np.bool_):
        plain(condition, where, look)
    try:
        holds = bool(condition)
    except ValueError:  # an array has no truth value
        holds = False
    if not holds:
        _fail(where, evidence, look)


def at_most(
    got: Any, limit: float, *, where: str, unit: str = "", look: str = ""
) -> None:
    """Check that a count does not exceed its budget."""
    plain(got, where, look)
    if not isinstance(got, (int, float, np.integer, np.floating)):
        evidence = gettext("got {value}, expected a number").format(value=show(got))
        _fail(where, evidence, look)
    if not got <= limit:
        evidence = gettext("{got}{unit}, more than the budget of {limit:,}{unit}")
        unit = f" {unit}" if unit else ""
        found = shown.count(got)
        _fail(where, evidence.format(got=found, limit=limit, unit=unit), look)


def raises(
    kind: type[Exception],
    function: Callable[..., Any],
    *args: Any,
    where: str,
    look: str = "",
    **kwargs: Any,
) -> None:
    """Check that a call raises that builtin exception."""
    try:
        result = function(*args, **kwargs)
    except StudentError as error:
        if isinstance(error, kind):
            return
        if not isinstance(error, StudentRaised):
            raise
        found = gettext("raised {name}").format(name=error.type_name)
    else:
        found = gettext("returned {value}").format(value=show(result))
    evidence = gettext("{found}, expected {kind}")
    _fail(where, evidence.format(found=found, kind=kind.__name__), look)


def unchanged(array: Any, before: ArrayLike, *, where: str, look: str = "") -> None:
    """Check that an argument still holds what it held."""
    if not _same_arrays(_array(array, where, look), np.asarray(numbers_of(before))):
        _fail(where, gettext("the argument was changed in place"), look)


class Counted:
    """A function that counts its calls and keeps copies of their arguments."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.__name__ = getattr(function, "__name__", "f")
        self.args: list[Any] = []

    @property
    def calls(self) -> int:
        """How often it was called."""
        return len(self.args)

    def __call__(self, *args: Any) -> Any:
        kept = [
            a.copy() if isinstance(a, np.ndarray) else a.clone() if is_tensor(a) else a
            for a in args
        ]
        self.args.append(kept[0] if len(kept) == 1 else tuple(kept))
        return self._function(*args)


def counted(function: Callable[..., Any]) -> Counted:
    """Wrap a function so that its calls are counted where they cannot be faked."""
    return Counted(function)


def plain(value: Any, where: str, look: str = "") -> None:
    """Check that a value is plain data, not an object of the submission."""
    try:
        _walk(value)
    except NotPlain as error:
        _fail(where, str(error.message.where), look)


def _walk(value: Any) -> None:
    if isinstance(value, Handle) or (callable(value) and not isinstance(value, type)):
        where = gettext("got an object of type {name} where a plain value was expected")
        raise NotPlain(where.format(name=getattr(value, "type_name", "function")))
    if isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            _walk(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            _walk(key)
            _walk(item)


def _same(got: Any, want: Any) -> bool:
    try:
        return _is_same(got, want)
    except _UNLIKE:  # an integer too large for a float, and other odd pairs
        return False


def _same_arrays(got: Any, want: Any) -> bool:
    numeric = all(a.dtype.kind in "fc" for a in (got, want))
    return np.array_equal(got, want, equal_nan=numeric)


def _is_same(got: Any, want: Any) -> bool:
    if isinstance(want, (bool, np.bool_)) or isinstance(got, (bool, np.bool_)):
        return {type(got), type(want)} <= {bool, np.bool_} and bool(got == want)
    if isinstance(want, (int, float, complex, np.number)):
        numbers = isinstance(got, (int, float, complex, np.number))
        return numbers and bool(got == want or (got != got and want != want))
    if isinstance(want, Fraction):
        return isinstance(got, Fraction) and got == want
    if isinstance(want, (list, tuple)):
        if type(got) is not type(want) or len(got) != len(want):
            return False
        return all(map(_same, got, want))
    if isinstance(want, dict):
        if type(got) is not dict or got.keys() != want.keys():
            return False
        return all(_same(got[key], want[key]) for key in want)
    if is_tensor(want) or is_tensor(got):
        both = is_tensor(want) and is_tensor(got) and got.dtype == want.dtype
        return both and _same_arrays(numbers_of(got), numbers_of(want))
    if isinstance(want, np.ndarray) or isinstance(got, np.ndarray):
        both = isinstance(got, np.ndarray) and isinstance(want, np.ndarray)
        return both and _same_arrays(got, want)
    return type(got) is type(want) and bool(got == want)


def _array(value: Any, where: str, look: str) -> np.ndarray[Any, Any]:
    plain(value, where, look)
    if value is None:
        _fail(where, gettext("got None; is a return missing?"), look)
    try:  # one long text would make every number of a list as wide
        array = np.asarray(None if _holds_text(value) else numbers_of(value))
    except _UNLIKE:
        array = np.asarray(None)
    if array.dtype.kind not in "biufc":
        evidence = gettext("got {value}, expected numbers")
        _fail(where, evidence.format(value=show(value)), look)
    return array


def _holds_text(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(map(_holds_text, value))
    if isinstance(value, np.ndarray):
        return value.dtype.kind not in "biufc"
    return isinstance(value, (str, bytes))


def _is_tensor_too(got: Any, want: Any, where: str, look: str) -> None:
    if is_tensor(want) and not is_tensor(got):
        evidence = gettext("got {value}, expected a tensor").format(value=show(got))
        _fail(where, evidence, look, got)


def _shapes(got: tuple[int, ...], want: tuple[int, ...]) -> str:
    text = gettext("got shape {got}, expected {want}")
    return text.format(got=show(got), want=want)


def _dtypes(got: np.dtype[Any], want: DTypeLike) -> str:
    text = gettext("got dtype {got}, expected {want}")
    return text.format(got=shown.kind(got), want=np.dtype(want))


def _place(index: Sequence[Any], axis_names: Sequence[str]) -> str:
    if not len(index):
        return ""
    names = list(axis_names)
    if len(index) == 1 and axis_names == _AXES:
        names = ["element"]
    if len(index) > len(names):
        names = [f"axis {i}" for i in range(len(index))]
    pairs = zip(names, index, strict=False)
    return ", " + ", ".join(f"{name} {int(i)}" for name, i in pairs)


def _fail(where: str, evidence: str, look: str, got: Any = None) -> None:
    raise CheckFailed(where, evidence, look, got)
