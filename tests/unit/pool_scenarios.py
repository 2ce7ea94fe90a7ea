"""What thread pools must do, as functions that the explorer runs."""

import contextlib
from pathlib import Path

from autograder.student.lab.schedule import explored_modules, same

threading = explored_modules()["threading"]
POOLS = {p.stem: p.read_text() for p in (Path(__file__).parent / "pools").glob("*.py")}


def together(*jobs):
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def fail():
    raise KeyError("meant to")


def expect(error, call):
    try:
        call()
    except error:
        return
    raise AssertionError(f"no {error.__name__}")


# Scenarios for the pool on conditions


def two_clients(m):
    pool, out = m.Pool(1, 1, room=2), []
    together(*[lambda i=i: out.append(pool.submit(lambda: i).result()) for i in (0, 1)])
    pool.shutdown()
    pool.await_termination()
    same(sorted(out), [0, 1], "the results")
    same((pool.size, pool.largest, pool.completed), (0, 1, 2), "the books")


def drains(m):
    pool = m.Pool(2, 2, room=2)
    futures = [pool.submit(job) for job in (lambda: 1, fail, lambda: 3)]
    pool.shutdown()
    pool.await_termination()
    same(futures[2].state, "done", "the queued task")
    same(futures[2].result(), 3, "its result")
    expect(KeyError, futures[1].result)
    expect(m.Rejected, lambda: pool.submit(lambda: 4))


def cancelled(m):
    pool, ran, said, seen = m.Pool(1, 1, room=2), [], [], []
    pool.submit(lambda: ran.append(0))
    future = pool.submit(lambda: ran.append(1))
    future.add_done_callback(lambda f: seen.append(f.state))

    def wait():
        try:
            future.result()
        except m.Cancelled:
            said.append("cancelled")

    together(lambda: said.append(future.cancel()), wait, wait)
    pool.shutdown()
    pool.await_termination()
    stopped = True in said
    same(stopped, 1 not in ran, "whether it ran")
    same(said.count("cancelled"), 2 * stopped, "waiters that were told")
    same(seen, ["cancelled" if stopped else "done"], "the callback's")


def order(m):
    pool, started = m.Pool(1, 2, room=1), []
    gate, running = threading.Event(), threading.Semaphore(0)

    def job(name):
        started.append(name)
        running.release()
        gate.wait()

    for name in "abc":
        pool.submit(lambda name=name: job(name))
    same(len(pool.queue), 1, "the queue")
    expect(m.Rejected, lambda: pool.submit(fail))
    together(running.acquire, running.acquire)
    gate.set()
    pool.shutdown()
    pool.await_termination()
    same(started[-1], "b", "the one that waited")


def oldest(m):
    pool, ran, gate = m.Pool(1, 1, room=2, policy="oldest"), [], threading.Event()
    pool.submit(gate.wait)
    for name in "abc":
        pool.submit(lambda name=name: ran.append(name))
    gate.set()
    pool.shutdown()
    pool.await_termination()
    same(ran, ["b", "c"], "what ran")


def caller(m):
    pool, where, gate = m.Pool(1, 1, policy="caller"), [], threading.Event()
    pool.submit(gate.wait)
    pool.submit(lambda: where.append(threading.current_thread().name))
    gate.set()
    pool.shutdown()
    future = pool.submit(lambda: where.append("late"))
    pool.await_termination()
    same(where, [threading.current_thread().name], "where it ran")
    same(future.state, "pending", "what came late")


def callbacks(m):
    pool, seen = m.Pool(1, 1, room=1), []
    future = pool.submit(lambda: 5)
    together(
        lambda: future.add_done_callback(lambda f: seen.append(f.result())),
        lambda: future.add_done_callback(lambda f: seen.append(f.state)),
    )
    pool.shutdown()
    pool.await_termination()
    same(sorted(map(str, seen)), ["5", "done"], "the callbacks'")


def callback_asks_back(m):
    pool, seen = m.Pool(2, 2, room=0), []
    left, right = m.Future(), m.Future()

    def end(mine, other):
        mine.add_done_callback(lambda f: other.add_done_callback(seen.append))
        mine.finish(1, None)

    pool.submit(lambda: end(left, right))
    pool.submit(lambda: end(right, left))
    pool.shutdown()
    pool.await_termination()
    same(len(seen), 2, "callbacks")


def idle_core(m):
    pool = m.Pool(1, 2, keep_alive=1)
    together(lambda: pool.submit(int).result(), lambda: pool.submit(int).result())
    with pool.lock:
        alive = pool.size
    assert alive >= 1, "the core is gone"
    pool.shutdown()
    pool.await_termination()


def idle_and_busy(m):
    pool = m.Pool(0, 1, room=1, keep_alive=1)
    pool.submit(int).result()
    try:
        future = pool.submit(lambda: 7)
    except m.Rejected:
        future = None
    pool.shutdown()
    pool.await_termination()
    if future is not None:
        same(future.state, "done", "the second task")


def now(m):
    pool, gate = m.Pool(2, 2, room=2), threading.Event()
    first, second = pool.submit(gate.wait), pool.submit(int)
    queued = [pool.submit(lambda n=n: n) for n in (1, 2)]
    left = pool.shutdown_now()
    gate.set()
    pool.await_termination()
    first.result()
    second.result()
    done = sum(future.state == "done" for future in queued)
    same(done + len(left), 2, "tasks that ran or were handed back")
    same(pool.size, 0, "workers")


def late_submit(m):
    pool, futures, ended, late = m.Pool(1, 1, room=1), [], [], []

    def submit():
        with contextlib.suppress(m.Rejected):
            futures.append(pool.submit(lambda: late.append(bool(ended))))

    def end():
        pool.shutdown()
        pool.await_termination()
        ended.append(True)

    pool.submit(int)
    together(submit, end)
    pool.await_termination()
    same([f.state for f in futures], ["done"] * len(futures), "what was taken")
    same(True in late, False, "whether a task ran after the end")


# Scenarios for the other two pools


def results(m):
    pool, out = m.Pool(2), []
    together(*[lambda i=i: out.append(pool.submit(lambda: i).result()) for i in (0, 1)])
    bad = pool.submit(fail)
    pool.shutdown()
    pool.await_termination()
    expect(KeyError, bad.result)
    expect(m.Rejected, lambda: pool.submit(int))
    same(sorted(out), [0, 1], "the results")


def all_run(m):
    pool, ran = m.Pool(2), []
    futures = [pool.submit(lambda n=n: ran.append(n)) for n in range(3)]
    pool.shutdown()
    pool.await_termination()
    for future in futures:
        future.result()
    same(sorted(ran), [0, 1, 2], "what ran")


def two_waiters(m):
    pool, out = m.Pool(1), []
    future = pool.submit(lambda: 1)
    together(*[lambda: out.append(future.result())] * 2)
    pool.shutdown()
    pool.await_termination()
    same(out, [1, 1], "what the waiters got")


def tasks_end(m):
    pool, ran = m.Pool(2, room=1), []
    for job in (lambda: ran.append(0), fail, lambda: ran.append(2)):
        pool.submit(job)
    pool.await_tasks()
    same(sorted(ran), [0, 2], "what ran")
    together(pool.shutdown, pool.shutdown)
    pool.await_termination()


def closing(m):
    pool, futures = m.Pool(2), []

    def submit():
        with contextlib.suppress(m.Rejected):
            futures.append(pool.submit(lambda: 1))

    together(submit, pool.shutdown)
    pool.await_termination()
    for future in futures:
        same(future.result(), 1, "what was taken")


CONDITIONS = (
    *(two_clients, drains, cancelled, order, oldest, caller, callbacks),
    *(callback_asks_back, idle_core, idle_and_busy, now, late_submit),
)
RIGHT = [
    *(("conditions", scenario) for scenario in CONDITIONS),
    *(("sentinels", s) for s in (results, all_run, two_waiters, tasks_end, closing)),
    *(("stealing", s) for s in (results, all_run, two_waiters, closing)),
]
