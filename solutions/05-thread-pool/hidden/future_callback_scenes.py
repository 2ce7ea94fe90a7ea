"""Scenes of `Future`: its callbacks."""

import threading

from hidden.scenes import gave, outcome, started, together

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


def future_callback_while_running(m):
    """Future: a callback is added while the call runs, which nobody can cancel"""
    future, log = m.Future(), []
    future.add_done_callback(lambda f: log.append("first"))
    future.start()
    future.add_done_callback(lambda f: log.append("second"))
    gave(outcome(future.cancel), False, "cancel on a running future")
    assert log == [], f"callbacks must wait until it is done, these did not: {log}"
    future.set_result(1)
    assert log == ["first", "second"], f"callbacks that ran: {log}"


def future_late_callback_waits(m):
    """Future: a late callback waits for a thread that asks the future"""
    done, cancelled, log = m.Future(), m.Future(), []
    done.set_result(1)
    cancelled.cancel()

    def callback(future):
        def asker():
            log.append((future.done(), future.cancelled()))

        together(asker)

    done.add_done_callback(callback)
    cancelled.add_done_callback(callback)
    assert log == [(True, False), (True, True)], f"done, cancelled: {log}"


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


def future_callback_errors_nested(m):
    """Future: callback_errors holds an error as soon as it happened"""
    future, seen = m.Future(), []
    errors = [ValueError("first"), KeyError("nested"), OSError("second")]

    def wrong(error):
        def callback(f):
            raise error

        return callback

    def second(f):
        seen.extend(f.callback_errors)
        f.add_done_callback(wrong(errors[1]))
        raise errors[2]

    future.add_done_callback(wrong(errors[0]))
    future.add_done_callback(second)
    future.set_result(1)
    assert seen == errors[:1], f"after a callback that raised, callback_errors: {seen}"
    assert future.callback_errors == errors, f"in order: {future.callback_errors}"


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
    future.add_done_callback(lambda f: log.append("right"))
    ended = False
    try:
        future.set_result(1)
        ended = True
    finally:
        assert ended, "what a callback raises must not leave set_result"
    late = outcome(future.add_done_callback, wrong(errors[2]))
    gave(late, None, "a late callback that raises")
    want = ["wrong", "wrong", "right", "wrong"]
    assert log == want, f"4 callbacks were added, {len(log)} ran"
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
