"""Scenes of `Future`: its states, those who wait for it, its callbacks.

More than 400 lines: each scene is short, and stands beside those it resembles.
"""

import threading
import time

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


# --- callbacks ----------------------------------------------------------------------


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
    future, log, errors = m.Future(), [], [ValueError("v"), KeyError("k")]

    def wrong(error):
        def callback(f):
            log.append("wrong")
            raise error

        return callback

    for error in errors:
        future.add_done_callback(wrong(error))
    future.add_done_callback(lambda f: log.append("right"))
    got = outcome(future.set_result, 1)
    gave(got, None, "set_result, with callbacks that raise,")
    assert log == ["wrong"] * 2 + ["right"], f"callbacks that ran: {log}"
    kept = future.callback_errors
    same = [a is b for a, b in zip(kept, errors, strict=False)]
    assert same == [True] * 2, f"callback_errors holds {kept}"
    gave(outcome(future.result, 1.0), 1, "result")
    cancelled = m.Future()
    cancelled.add_done_callback(wrong(errors[0]))
    gave(outcome(cancelled.cancel), True, "cancel, with a callback that raises,")
    assert cancelled.callback_errors == [errors[0]], "its error belongs there too"


def future_callbacks_again(m):
    """Future: one callback added twice, late ones on a cancelled future"""
    future, log = m.Future(), []

    class Odd(BaseException):
        pass

    def note(f):
        log.append(f)
        raise error

    error = ValueError()
    future.add_done_callback(note)
    future.add_done_callback(note)
    future.cancel()
    assert len(log) == 2, f"a callback was added twice, it ran {len(log)} times"
    future.add_done_callback(note)
    assert len(log) == 3, "on a cancelled future a callback runs at once"
    assert future.callback_errors == [error] * 3, f"{future.callback_errors}"
    for end in ("cancel", "late", "set"):
        for kind in (SystemExit, Odd, GeneratorExit):
            future, error, left = m.Future(), kind(), True
            if end == "late":
                future.set_result(1)
            try:
                future.add_done_callback(note)
                if end == "cancel":
                    future.cancel()
                elif end == "set":
                    future.set_result(1)
                left = False
            finally:
                assert not left, f"what a callback raises must not leave ({end})"
            assert future.callback_errors == [error], f"{end}: {future.callback_errors}"


def future_callback_nested(m):
    """Future: a callback adds another, which runs at once, before it goes on"""
    future, log = m.Future(), []

    def callback(f):
        f.add_done_callback(lambda g: log.append("nested"))
        log.append("first")

    future.add_done_callback(callback)
    future.add_done_callback(lambda f: log.append("second"))
    future.set_result(1)
    assert log == ["nested", "first", "second"], f"in this order: {log}"


def future_empty_exception(m):
    """Future: an exception that is false, having a length of 0"""

    class NoItems(LookupError):
        def __len__(self):
            return 0

    future, error = m.Future(), NoItems()
    future.set_exception(error)
    refused(outcome(future.result, 0), "NoItems", "result")
    assert future.exception(0) is error, "exception() must return what was set"


def future_callback_leaves(m):
    """Future: SystemExit and KeyboardInterrupt of callbacks, and errors of late ones"""
    future, log = m.Future(), []
    errors = [SystemExit(1), KeyboardInterrupt(), OSError("late")]

    def wrong(error):
        def callback(f):
            log.append("wrong")
            raise error

        return callback

    for error in errors[:2]:
        future.add_done_callback(wrong(error))
    ended = False
    try:
        future.set_result(1)
        ended = True
    finally:
        assert ended, "what a callback raises must not leave set_result"
    late = outcome(future.add_done_callback, wrong(errors[2]))
    gave(late, None, "a late callback that raises")
    assert log == ["wrong"] * 3, f"3 callbacks were added, {len(log)} ran"
    kept = future.callback_errors
    same = [a is b for a, b in zip(kept, errors, strict=False)]
    assert same == [True] * 3, f"callback_errors holds {kept}"


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
    seen = explored(program, scenes, **ONE_SCHEDULE)
    if seen[-1]["found"]["kind"] == "ok":
        seen += explored(program, [future_result_at_the_end], **NO_PREEMPTION)
    return seen


def future_calls_back(program):
    scenes = [future_callbacks, future_callback_raises, future_callback_reenters]
    scenes += [future_callback_thread, future_callback_after_waiters]
    scenes += [future_cancel_callback_after_waiters]
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
    seen = explored(program, scenes, bound=3)
    if seen[-1]["found"]["kind"] == "ok":
        watched = {"watched": ["Future"], "races": False}
        seen += explored(program, scenes, **watched)
    return seen
