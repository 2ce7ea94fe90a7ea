"""Hidden tests of `Future`."""

import threading
import time

import pytest
from hidden.common import (
    explored,
    gave,
    judge,
    outcome,
    refused,
    said,
    started,
    together,
)

from autograder.student.testing import check

STEP_4 = "Chapter, step 4."


# --- Future -------------------------------------------------------------------------


def future_states(m):
    """Future used by one thread: its states, and what may follow which"""
    future = m.Future()
    state = future.cancelled(), future.running(), future.done()
    assert state == (False, False, False), f"pending: cancelled, running, done {state}"
    gave(outcome(future.start), True, "start on a pending future")
    state = future.cancelled(), future.running(), future.done()
    assert state == (False, True, False), f"running: cancelled, running, done {state}"
    refused(outcome(future.start), "InvalidState", "start on a running future")
    gave(outcome(future.cancel), False, "cancel on a running future")
    refused(outcome(future.result, timeout=0), "TimeoutError", "result(timeout=0)")
    refused(outcome(future.exception, -1.0), "TimeoutError", "exception(-1.0)")
    gave(outcome(future.set_result, None), None, "set_result(None)")
    state = future.cancelled(), future.running(), future.done()
    assert state == (False, False, True), f"with a result of None: {state}"
    gave(outcome(future.result, 0), None, "result(0) after set_result(None)")
    gave(outcome(future.exception, 0), None, "exception() of a future with a value")
    refused(outcome(future.set_result, 2), "InvalidState", "a second set_result")
    later = outcome(future.set_exception, ValueError())
    refused(later, "InvalidState", "set_exception after set_result")
    refused(outcome(future.start), "InvalidState", "start on a done future")
    gave(outcome(future.cancel), False, "cancel on a done future")
    gave(outcome(future.result), None, "result after what was refused")
    assert future.cancelled() is False, "a done future is not cancelled by cancel"


def future_with_exception(m):
    """Future with an exception: the very object comes out"""
    future, error = m.Future(), KeyError("k")
    future.set_exception(error)
    for _ in range(2):
        try:
            got = future.result()
        except KeyError as raised:
            got = raised
        assert got is error, "result must raise the object that set_exception was given"
    assert future.exception() is error, "exception must return that object"
    state = future.done(), future.running()
    assert state == (True, False), f"done, running {state}"
    refused(outcome(future.set_result, 1), "InvalidState", "set_result after it")
    leaver = m.Future()
    leaver.start()
    leaver.set_exception(SystemExit(3))
    try:
        got = leaver.result(0)
    except SystemExit as raised:
        got = raised
    assert isinstance(got, SystemExit), "a future must hold a SystemExit too"
    value = m.Future()
    value.set_result(error)
    assert value.result() is error, "an exception may be a value like any other"
    assert value.exception() is None, "then there is no exception"


def future_cancelled(m):
    """Future, cancelled while it is pending"""
    future, called = m.Future(), []
    future.add_done_callback(lambda f: called.append(f.cancelled()))
    gave(outcome(future.cancel), True, "cancel on a pending future")
    assert called == [True], f"cancel must call the callbacks, they saw {called}"
    state = future.cancelled(), future.running(), future.done()
    assert state == (True, False, True), f"cancelled: cancelled, running, done {state}"
    gave(outcome(future.cancel), True, "a second cancel")
    assert called == [True], "a second cancel must not call the callbacks again"
    gave(outcome(future.start), False, "start on a cancelled future")
    gave(outcome(future.start), False, "a second start on a cancelled future")
    refused(outcome(future.set_result, 1), "InvalidState", "set_result when cancelled")
    later = outcome(future.set_exception, ValueError())
    refused(later, "InvalidState", "set_exception when cancelled")
    refused(outcome(future.result), "Cancelled", "result of a cancelled future")
    refused(outcome(future.exception, 0), "Cancelled", "exception of it")
    assert future.cancelled(), "what was refused must not change it"


def future_callbacks(m):
    """Future: callbacks are called once, in order, with the future"""
    future, log = m.Future(), []
    for name in "abc":
        future.add_done_callback(lambda f, name=name: log.append((name, f is future)))
    assert log == [], "callbacks must wait until it is done"
    future.set_result(1)
    want = [("a", True), ("b", True), ("c", True)]
    assert log == want, f"callbacks called, with that very future: {log}"
    future.add_done_callback(lambda f: log.append(("late", f.result())))
    assert log[3:] == [("late", 1)], "on a done future a callback runs at once"
    assert len(log) == 4, "only the new callback runs then"
    assert future.callback_errors == [], "nothing was raised"


def future_callback_raises(m):
    """Future: a callback that raises stops neither the others nor the thread"""
    future, log = m.Future(), []
    errors = [ValueError("v"), SystemExit(1), KeyboardInterrupt()]

    def wrong(error):
        def callback(f):
            log.append("wrong")
            raise error

        return callback

    for error in errors:
        future.add_done_callback(wrong(error))
    future.add_done_callback(lambda f: log.append("right"))
    ended = False
    try:
        future.set_result(1)
        ended = True
    finally:
        assert ended, "what a callback raises must not leave set_result"
    assert log == ["wrong"] * 3 + ["right"], f"callbacks that ran: {log}"
    kept = future.callback_errors
    same = [a is b for a, b in zip(kept, errors, strict=False)]
    assert same == [True] * 3, f"callback_errors holds {kept}"
    late = OSError("late")
    gave(outcome(future.add_done_callback, wrong(late)), None, "a late callback")
    assert kept[3:] == [late], "a late callback's error belongs in callback_errors"
    gave(outcome(future.result, 0), 1, "result")
    cancelled = m.Future()
    cancelled.add_done_callback(wrong(errors[0]))
    gave(outcome(cancelled.cancel), True, "cancel, with a callback that raises,")
    assert cancelled.callback_errors == [errors[0]], "its error belongs there too"


def future_callback_reenters(m):
    """Future: a callback may call any method of the future"""
    future, log = m.Future(), []

    def callback(f):
        log.append(f.done())
        log.append(outcome(f.result, 0))
        log.append(outcome(f.cancel))
        log.append(outcome(f.set_result, 2))
        f.add_done_callback(lambda g: log.append("nested"))

    future.add_done_callback(callback)
    future.set_result(1)
    future.add_done_callback(callback)
    want = [True, ("gave", 1), ("gave", False), ("raised", "InvalidState"), "nested"]
    assert log == want * 2, f"what a callback saw and did: {log}"


def future_result_waits(m):
    """Future: two threads wait for the result"""
    future, got = m.Future(), []

    def waiter_1():
        got.append(future.result())

    def waiter_2():
        got.append(future.result(100.0))

    threads = started(waiter_1, waiter_2)
    future.start()
    future.set_result(None)
    for thread in threads:
        thread.join()
    assert got == [None, None], f"two waiters got {got}"
    assert time.monotonic() < 100, "a waiter with a timeout was not woken"


def future_error_waits(m):
    """Future: two threads wait, one for the result and one for the exception"""
    future, got, error = m.Future(), [], ValueError()

    def waiter_1():
        got.append(outcome(future.result))

    def waiter_2():
        got.append(outcome(future.exception))

    threads = started(waiter_1, waiter_2)
    future.set_exception(error)
    for thread in threads:
        thread.join()
    assert ("raised", "ValueError") in got, f"result and exception: {got}"
    assert ("gave", error) in got, f"result and exception: {got}"


def future_cancel_waits(m):
    """Future: two threads wait when it is cancelled"""
    future, got = m.Future(), []

    def waiter_1():
        got.append(outcome(future.result))

    def waiter_2():
        got.append(outcome(future.exception))

    threads = started(waiter_1, waiter_2)
    future.cancel()
    for thread in threads:
        thread.join()
    for one in got:
        refused(one, "Cancelled", "a waiter, on cancel,")


def future_cancel_races(m):
    """Future: cancel and start at the same time: never both"""
    future, log = m.Future(), []

    def runner():
        if future.start():
            log.append("ran")
            future.set_result(1)

    def canceller():
        if future.cancel():
            log.append("cancelled")

    together(runner, canceller)
    assert len(log) == 1, f"exactly one of run and cancel must happen: {log}"
    assert future.cancelled() == (log == ["cancelled"]), f"cancelled(), but {log}"


def future_started_twice(m):
    """Future: two threads start it: only one may run the call"""
    future, log = m.Future(), []

    def runner_1():
        log.append(outcome(future.start))

    def runner_2():
        log.append(outcome(future.start))

    together(runner_1, runner_2)
    want = [("gave", True), ("raised", "InvalidState")]
    assert sorted(log) == want, f"two starts: {[said(one) for one in log]}"


def future_set_twice(m):
    """Future: two threads set it: one wins, callbacks are called once"""
    future, log, called = m.Future(), {}, []
    future.add_done_callback(lambda f: called.append(f.result(0)))

    def setter_1():
        log[1] = outcome(future.set_result, 1)

    def setter_2():
        log[2] = outcome(future.set_result, 2)

    together(setter_1, setter_2)
    won = [n for n, one in log.items() if one == ("gave", None)]
    assert len(won) == 1, f"two sets: {[said(one) for one in log.values()]}"
    assert ("raised", "InvalidState") in log.values(), "the other must be refused"
    assert future.result(0) == won[0], "the result is not the winner's"
    assert called == won, f"the callback saw {called}, the winner is {won[0]}"


def future_callback_races(m):
    """Future: callbacks added while it is set are called once each"""
    future, log = m.Future(), []
    future.add_done_callback(lambda f: log.append("early"))

    def setter():
        future.set_result(1)

    def adder():
        future.add_done_callback(lambda f: log.append(f.result(0)))

    together(setter, adder)
    assert sorted(map(str, log)) == ["1", "early"], f"callbacks called: {log}"


def future_callback_after_waiters(m):
    """Future: waiters are woken before the callbacks run"""
    future, woken = m.Future(), threading.Event()

    def waiter():
        future.result()
        woken.set()

    future.add_done_callback(lambda f: woken.wait())
    thread = started(waiter)[0]
    future.set_result(1)
    thread.join()


def future_cancel_callback_after_waiters(m):
    """Future: waiters are woken before the callbacks run, on cancel too"""
    future, woken = m.Future(), threading.Event()

    def waiter():
        outcome(future.result)
        woken.set()

    future.add_done_callback(lambda f: woken.wait())
    thread = started(waiter)[0]
    future.cancel()
    thread.join()


def future_callback_thread(m):
    """Future: callbacks run in the thread that sets, late ones in the one that adds"""
    future, names = m.Future(), []

    def note(f):
        names.append(threading.current_thread().name)

    def setter():
        future.set_result(1)

    future.add_done_callback(note)
    together(setter)
    assert names == ["setter"], f"the callback ran in {names}, not in the setter's"
    future.add_done_callback(note)
    assert names[1:] == ["main"], "a late callback runs in the thread that adds it"


def future_timeouts(m):
    """Future: timeouts last as long as they say, whoever wakes in between"""
    future, ends = m.Future(), {}

    def waiter():
        ends["result"] = outcome(future.result, timeout=2.0), time.monotonic()

    def other():
        ends["exception"] = outcome(future.exception, 1.0), time.monotonic()

    def setter():
        time.sleep(5.0)
        future.set_result("x")

    def patient():
        ends["patient"] = outcome(future.result, timeout=9.0), time.monotonic()

    together(waiter, other, setter, patient)
    late = ("raised", "TimeoutError")
    assert ends["result"] == (late, 2.0), f"result(2.0), and when: {ends['result']}"
    assert ends["exception"] == (late, 1.0), f"exception(1.0): {ends['exception']}"
    assert ends["patient"] == (("gave", "x"), 5.0), f"result(9.0): {ends['patient']}"


def future_alone(program):
    bodies = [future_states, future_with_exception, future_cancelled]
    return explored(program, bodies, bound=0, schedules=1)


def future_calls_back(program):
    bodies = [future_callbacks, future_callback_raises, future_callback_reenters]
    bodies += [future_callback_thread, future_callback_after_waiters]
    bodies += [future_cancel_callback_after_waiters]
    return explored(program, bodies, bound=1)


def future_waits(program):
    bodies = [future_result_waits, future_error_waits, future_cancel_waits]
    bodies += [future_timeouts]
    return explored(program, bodies, spurious=True)


def future_races(program):
    bodies = [future_cancel_races, future_set_twice, future_callback_races]
    bodies += [future_started_twice]
    found = explored(program, bodies, bound=3)
    watched = {"watched": ["Future"], "races": False}
    closely = explored(program, bodies, bound=2, schedules=1500, **watched)
    return {
        name: closely[name] if entry["found"]["kind"] == "ok" else entry
        for name, entry in found.items()
    }


@pytest.mark.task("Future", weight=2)
def test_future_in_one_thread(student):
    judge(student.explore(future_alone), STEP_4)


@pytest.mark.task("Future", weight=3)
def test_future_calls_back(student):
    judge(student.explore(future_calls_back), STEP_4)


@pytest.mark.task("Future", weight=3)
def test_future_waits(student):
    judge(student.explore(future_waits), STEP_4)


@pytest.mark.task("Future", weight=3)
def test_future_races(student):
    judge(student.explore(future_races), STEP_4)


def futures_under_load(lesson, count):
    """Return what real threads saw of futures that were set, failed or cancelled."""
    import threading
    import time

    end = time.monotonic() + 6  # it takes a tenth of a second

    def left():
        return max(end - time.monotonic(), 0.0)

    futures = [lesson.Future() for _ in range(count)]
    ran, called, seen = [], [], [[], []]

    def run():
        for number, future in enumerate(futures):
            if future.start():
                ran.append(number)
                if number % 3:
                    future.set_result(number)
                else:
                    future.set_exception(KeyError(number))

    def cancel():
        for future in reversed(futures):
            future.cancel()

    def wait(mine):
        for future in futures:
            try:
                mine.append(future.result(timeout=left()))
            except Exception as error:
                mine.append(type(error).__name__)

    for number, future in enumerate(futures):
        future.add_done_callback(lambda f, number=number: called.append(number))
    calls = [(wait, seen[0]), (wait, seen[1]), (run,), (cancel,)]
    threads = [
        threading.Thread(target=call, args=args, daemon=True) for call, *args in calls
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(left())
    cancelled = [n for n, future in enumerate(futures) if future.cancelled()]
    return ran, cancelled, sorted(called), seen


@pytest.mark.task("Future", weight=2, repeatable=False)
def test_futures_under_load(student):
    count = 400
    ran, cancelled, called, seen = student.run(futures_under_load, count=count)

    where = f"Future, real threads, {count} futures run and cancelled at the same time"
    evidence = f"{len(ran)} ran and {len(cancelled)} were cancelled"
    once = sorted(ran + cancelled) == list(range(count))
    check.true(once, where=where, evidence=evidence, look=STEP_4)
    check.true(
        called == list(range(count)),
        where=f"{where}: callbacks",
        evidence=f"{len(called)} callbacks ran instead of {count}",
        look=STEP_4,
    )
    gone = set(cancelled)
    want = [
        "Cancelled" if n in gone else n if n % 3 else "KeyError" for n in range(count)
    ]
    for mine in seen:
        wrong = sum(a != b for a, b in zip(mine, want, strict=False))
        evidence = f"{len(mine)} outcomes, {wrong} of them wrong"
        check.true(mine == want, where=f"{where}: result", evidence=evidence)
