"""Scenes of `Future`: its states, those who wait for it, and which test explores what.

More than 400 lines: each scene is short, and stands beside those it resembles.
"""

import time

from hidden.future_callback_scenes import (
    future_callback_after_waiters,
    future_callback_errors_nested,
    future_callback_leaves,
    future_callback_nested,
    future_callback_raises,
    future_callback_reenters,
    future_callback_thread,
    future_callback_while_running,
    future_callbacks,
    future_callbacks_again,
    future_cancel_callback_after_waiters,
    future_empty_exception,
    future_late_callback_waits,
)
from hidden.scenes import (
    NO_PREEMPTION,
    ONE_SCHEDULE,
    explored,
    gave,
    lasted,
    outcome,
    refused,
    said,
    started,
    timed,
    together,
)

# --- one thread ---------------------------------------------------------------------


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
    late, took = timed(future.result, timeout=1.0)
    refused(late, "TimeoutError", "result(timeout=1.0) of a running future")
    lasted(took, 1.0, "result(timeout=1.0)")
    gave(outcome(future.set_result, None), None, "set_result(None)")
    state = future.cancelled(), future.running(), future.done()
    assert state == (False, False, True), f"with a result of None: {state}"
    gave(outcome(future.result, 1.0), None, "result(1.0) after set_result(None)")
    gave(outcome(future.exception), None, "exception() of a future with a value")
    refused(outcome(future.set_result, 2), "InvalidState", "a second set_result")
    later = outcome(future.set_exception, ValueError())
    refused(later, "InvalidState", "set_exception after set_result")
    gave(outcome(future.cancel), False, "cancel on a done future")
    gave(outcome(future.result), None, "result after what was refused")
    assert future.cancelled() is False, "a done future is not cancelled by cancel"
    quick = m.Future()
    quick.set_result(3)
    gave(outcome(quick.result), 3, "result of a future that was set unstarted")


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
    later = outcome(future.set_exception, ValueError())
    refused(later, "InvalidState", "a second set_exception")
    gave(outcome(future.cancel), False, "cancel on a future with an exception")
    assert future.exception() is error, "what was refused must not change it"


def future_cancelled(m):
    """Future, cancelled while it is pending"""
    future, called = m.Future(), []
    future.add_done_callback(lambda f: called.append(f.cancelled()))
    gave(outcome(future.cancel), True, "cancel on a pending future")
    assert called == [True], f"cancel must call the callbacks, they saw {called}"
    state = future.cancelled(), future.running(), future.done()
    assert state == (True, False, True), f"cancelled: cancelled, running, done {state}"
    gave(outcome(future.start), False, "start on a cancelled future")
    refused(outcome(future.set_result, 1), "InvalidState", "set_result when cancelled")
    refused(outcome(future.result), "Cancelled", "result of a cancelled future")
    refused(outcome(future.exception), "Cancelled", "exception of it")
    assert future.cancelled(), "what was refused must not change it"


def future_is_strict(m):
    """Future: what is asked twice, timeouts of 0 and below, exceptions as values"""
    future, called = m.Future(), []
    refused(outcome(future.result, timeout=0), "TimeoutError", "result(timeout=0)")
    refused(outcome(future.exception, -1.0), "TimeoutError", "exception(-1.0)")
    future.add_done_callback(lambda f: called.append(f.cancelled()))
    gave(outcome(future.cancel), True, "cancel on a pending future")
    gave(outcome(future.cancel), True, "a second cancel")
    assert called == [True], "a second cancel must not call the callbacks again"
    gave(outcome(future.start), False, "start on a cancelled future")
    gave(outcome(future.start), False, "a second start on a cancelled future")
    later = outcome(future.set_exception, ValueError())
    refused(later, "InvalidState", "set_exception when cancelled")
    refused(outcome(future.exception, 0), "Cancelled", "exception(0) of it")
    leaver = m.Future()
    leaver.start()
    leaver.set_exception(SystemExit(3))
    try:
        got = leaver.result(0)
    except SystemExit as raised:
        got = raised
    assert isinstance(got, SystemExit), "a future must hold a SystemExit too"
    refused(outcome(leaver.start), "InvalidState", "start on a done future")
    value, error = m.Future(), KeyError("k")
    value.set_result(error)
    assert value.result(0) is error, "an exception may be a value like any other"
    assert value.exception(0) is None, "then there is no exception"


def future_unstarted(m):
    """Future that was set unstarted: what may follow"""
    future = m.Future()
    future.set_result(1)
    refused(outcome(future.start), "InvalidState", "start on a future with a result")
    gave(outcome(future.result, -1), 1, "result(timeout=-1) of a done future")
    gave(outcome(future.exception, -1), None, "exception(timeout=-1) of it")
    value = m.Future()
    value.set_result(m.Cancelled())
    assert value.result(0) is value.result(-1), "any exception may be a value"


# --- waiting and racing -------------------------------------------------------------


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


def future_result_lasts(m):
    """Future.result: its timeout is the time of the whole call"""
    future, ends = m.Future(), {}

    def waiter():
        ends["late"] = timed(future.result, timeout=5.0)
        ends["in time"] = timed(future.result, timeout=9.0)

    thread = started(waiter)[0]
    time.sleep(1.0)
    assert not future.done(), "nobody has set it"
    time.sleep(6.0)
    future.set_result("x")
    thread.join()
    refused(ends["late"][0], "TimeoutError", "result(timeout=5.0)")
    lasted(ends["late"][1], 5.0, "result(timeout=5.0)")
    gave(ends["in time"][0], "x", "result(timeout=9.0), set after 2 s,")
    lasted(ends["in time"][1], 2.0, "result(timeout=9.0), set after 2 s,")


def future_exception_lasts(m):
    """Future.exception: its timeout is the time of the whole call"""
    future, ends = m.Future(), []

    def waiter():
        ends.append(timed(future.exception, 5.0))

    thread = started(waiter)[0]
    time.sleep(1.0)
    gave(outcome(future.start), True, "start")
    time.sleep(2.0)
    thread.join()
    refused(ends[0][0], "TimeoutError", "exception(timeout=5.0)")
    lasted(ends[0][1], 5.0, "exception(timeout=5.0)")


def future_result_at_the_end(m):
    """Future: it is set at the moment when the time of result is up"""
    future, seen = m.Future(), []

    def waiter():
        seen.append((outcome(future.result, timeout=1.0), future.done()))

    thread = started(waiter)[0]
    time.sleep(1.0)
    future.set_result("x")
    thread.join()
    got, done = seen[0]
    text = f"result(timeout=1.0) {said(got)}, and right after it done() is {done}"
    assert (got == ("gave", "x")) == done, text


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


def future_cancel_or_set(m):
    """Future: a pending one is set and cancelled at the same time: never both"""
    future, log, called = m.Future(), {}, []
    future.add_done_callback(lambda f: called.append(f.cancelled()))

    def setter():
        log["set"] = outcome(future.set_result, 1)

    def canceller():
        log["cancel"] = outcome(future.cancel)

    together(setter, canceller)
    cancelled = future.cancelled()
    want = ("raised", "InvalidState") if cancelled else ("gave", None)
    text = f"cancelled() is {cancelled}, set_result {said(log['set'])}"
    assert log["set"] == want, text
    gave(log["cancel"], cancelled, f"cancelled() is {cancelled}, cancel")
    assert called == [cancelled], f"one callback was added, {len(called)} ran"


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


# --- which test explores what -------------------------------------------------------


def future_alone(program):
    scenes = [future_states, future_with_exception, future_cancelled]
    return explored(program, scenes, **ONE_SCHEDULE)


def future_refuses(program):
    scenes = [future_is_strict, future_callback_leaves, future_empty_exception]
    scenes += [future_unstarted, future_callbacks_again, future_callback_nested]
    scenes += [future_callback_errors_nested]
    seen = explored(program, scenes, **ONE_SCHEDULE)
    if seen[-1]["found"]["kind"] == "ok":
        seen += explored(program, [future_result_at_the_end], **NO_PREEMPTION)
    return seen


def future_calls_back(program):
    scenes = [future_callbacks, future_callback_raises, future_callback_reenters]
    scenes += [future_callback_thread, future_callback_after_waiters]
    scenes += [future_cancel_callback_after_waiters, future_callback_while_running]
    scenes += [future_late_callback_waits]
    return explored(program, scenes, bound=1, random_schedules=3)


def future_waits(program):
    scenes = [future_result_waits, future_error_waits, future_cancel_waits]
    return explored(program, scenes, spurious=True)


def future_times(program):
    scenes = [future_result_lasts, future_exception_lasts]
    return explored(program, scenes, spurious=True)


def future_races(program):
    scenes = [future_cancel_races, future_set_twice, future_callback_races]
    scenes += [future_started_twice]
    seen = explored(program, [*scenes, future_cancel_or_set], bound=3)
    if seen[-1]["found"]["kind"] == "ok":
        watched = {"watched": ["Future"], "races": False}
        seen += explored(program, scenes, **watched)
    return seen
