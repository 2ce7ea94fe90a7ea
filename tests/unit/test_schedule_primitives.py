"""The fakes do what the real ones do, where that is determined."""

import queue
import threading
import time

import pytest

from autograder.student.lab.schedule import explore, explored_modules
from autograder.student.lab.schedule.execution.task import Unexplored

PROGRAMS = {
    "lock": """
l = threading.Lock()
log(l.acquire(), l.locked(), l.acquire(False), l.acquire(timeout=0.01))
l.release(); log(l.locked()); refuse(l.release)
refuse(lambda: l.acquire(False, 1)); refuse(lambda: l.acquire(True, -2))
""",
    "rlock": """
l = threading.RLock()
log(l.acquire(), l.acquire(False)); l.release(); l.release(); refuse(l.release)
got = []
with l:
    t = threading.Thread(target=lambda: got.append(l.acquire(False)))
    t.start(); t.join()
log(got)
""",
    "condition": """
c = threading.Condition()
refuse(c.wait); refuse(c.notify)
with c: log(c.wait(0.01), c.wait_for(lambda: 0, 0.01), c.wait_for(lambda: 7))
items = []
def put():
    with c: items.append(1); c.notify_all()
t = threading.Thread(target=put)
with c:
    t.start()
    log(c.wait_for(lambda: items))
t.join()
""",
    "semaphore": """
s = threading.Semaphore(2)
log(s.acquire(), s.acquire(), s.acquire(False), s.acquire(timeout=0.01))
s.release(2); log(s.acquire(False)); refuse(lambda: threading.Semaphore(-1))
refuse(lambda: s.release(0))
b = threading.BoundedSemaphore(1); refuse(b.release)
with b: log(b.acquire(False))
""",
    "event": """
e = threading.Event(); log(e.is_set(), e.wait(0.01)); e.set()
log(e.is_set(), e.wait()); e.clear(); log(e.is_set())
""",
    "barrier": """
b = threading.Barrier(2, action=lambda: log("both")); got = []
t = threading.Thread(target=lambda: got.append(b.wait()))
t.start(); got.append(b.wait()); t.join(); log(sorted(got), b.parties, b.broken)
refuse(lambda: b.wait(0.01)); log(b.broken); refuse(b.wait); b.reset(); log(b.broken)
""",
    "broken barrier": """
b = threading.Barrier(2); got = []
def arrive():
    try: got.append(b.wait())
    except threading.BrokenBarrierError: got.append("broken")
for end in (b.reset, b.abort):
    t = threading.Thread(target=arrive); t.start()
    while not b.n_waiting: time.sleep(0.01)
    end(); t.join(); log(got, b.broken, b.n_waiting)
b.reset(); refuse(lambda: b.wait(0.01)); log(b.broken)
def fail(): raise KeyError
c = threading.Barrier(1, action=fail); refuse(c.wait); log(c.broken); refuse(c.wait)
""",
    "excepthook": """
def hook(args):
    log(args.exc_type.__name__, str(args.exc_value), args.thread.name)
threading.excepthook = hook
def fail(error): raise error
for error in (ValueError("bad"), SystemExit(3), KeyboardInterrupt()):
    t = threading.Thread(target=fail, args=(error,), name="T"); t.start(); t.join()
threading.excepthook = threading.__excepthook__
""",
    "local of one's own": """
class Mine(threading.local):
    def __init__(self, x): self.x = x
d = Mine(4); d.x += 1; got = []
t = threading.Thread(target=lambda: got.append(d.x)); t.start(); t.join(); log(got, d.x)
refuse(lambda: threading.local(1))
""",
    "wait for": """
c = threading.Condition(); asked = []
with c: log(c.wait_for(lambda: asked.append(1), 0), len(asked))
with c: log(c.wait_for(lambda: asked.append(1), 0.01), len(asked))
s = threading.Semaphore(0)
log(s.acquire(timeout=0), s.acquire(timeout=-1)); refuse(lambda: s.acquire(False, 1))
t = threading.Timer(0.01, s.release); t.start(); log(s.acquire(timeout=10)); t.join()
""",
    "thread": """
t = threading.Thread(target=log, args=("ran",), kwargs={}, name="T", daemon=True)
log(t.name, t.daemon, t.is_alive(), t.ident); refuse(t.join)
t.start(); t.join(); log(t.is_alive()); refuse(t.start)
refuse(threading.current_thread().join)
class Mine(threading.Thread):
    def run(self): log("mine", threading.current_thread() is self)
m = Mine(); m.start(); m.join(1)
""",
    "timer": """
t = threading.Timer(0.01, log, ["late"]); t.start(); t.join()
t = threading.Timer(5, log, ["never"]); t.start(); t.cancel(); t.join()
""",
    "local": """
d = threading.local(); d.x = 1
def look(): log(hasattr(d, "x")); d.x = 2
t = threading.Thread(target=look); t.start(); t.join(); log(d.x)
del d.x; refuse(lambda: d.x)
""",
    "queue": """
q = queue.Queue(2); q.put(1); q.put_nowait(2)
log(q.full(), q.qsize()); refuse(lambda: q.put(3, False))
refuse(lambda: q.put(3, timeout=0.01)); log(q.get(), q.get_nowait(), q.empty())
refuse(lambda: q.get(False)); refuse(lambda: q.get(timeout=0.01))
refuse(lambda: q.get(timeout=-1))
q.task_done(); q.task_done(); refuse(q.task_done); q.join()
""",
    "queues": """
for make in (queue.LifoQueue, queue.PriorityQueue, queue.SimpleQueue):
    q = make()
    for x in (2, 1, 3): q.put(x)
    log([q.get() for _ in range(3)], q.empty())
""",
    "sleep order": """
def nap(s): time.sleep(s); log(s)
ts = [threading.Thread(target=nap, args=(s / 20,)) for s in (3, 1, 2)]
for t in ts: t.start()
for t in ts: t.join()
refuse(lambda: time.sleep(-1))
""",
}


if hasattr(queue, "ShutDown"):
    PROGRAMS["shutdown"] = """
q = queue.Queue(1); q.put(1); q.shutdown(); refuse(lambda: q.put(2)); log(q.get())
refuse(q.get); q.task_done(); q.join()
q = queue.Queue(); q.put(1); q.shutdown(immediate=True); refuse(q.get); q.join()
"""


def names(modules, out):
    def refuse(call):
        try:
            call()
        except Exception as error:
            out.append(type(error).__name__)
        else:
            out.append("accepted")

    return {**modules, "log": lambda *x: out.append(repr(x)), "refuse": refuse}


@pytest.mark.parametrize("name", PROGRAMS)
def test_agrees_with_the_real_one(name):
    code = compile(PROGRAMS[name], f"<{name}>", "exec")
    real = []
    exec(code, names({"threading": threading, "queue": queue, "time": time}, real))
    fake = []

    def program():
        fake.clear()
        exec(code, names(explored_modules(), fake))

    result = explore(program, bound=0, schedules=1, random_schedules=0)
    assert result.kind == "ok", result.story
    assert fake == real


def test_time_is_virtual():
    source = """
import time, threading, queue
start = time.monotonic()
time.sleep(3600)
assert time.monotonic() - start == 3600 == time.time() - start
e = threading.Event()
assert not e.wait(10)
with threading.Condition() as _: pass
try: queue.Queue().get(timeout=5)
except queue.Empty: pass
assert time.monotonic() == 3615
"""
    result = explore(source)
    assert result.kind == "ok"
    assert result.complete


def test_sleepers_wake_in_order_under_every_schedule():
    source = """
import threading, time
out = []
def nap(s): time.sleep(s); out.append(s)
ts = [threading.Thread(target=nap, args=(s,)) for s in (3, 1, 2)]
for t in ts: t.start()
for t in ts: t.join()
assert out == [1, 2, 3]
"""
    assert explore(source, bound=1).kind == "ok"


def test_daemons_end_with_the_program():
    source = """
import threading, queue
threading.Thread(target=queue.Queue().get, daemon=True).start()
"""
    assert explore(source).kind == "ok"


def test_a_thread_that_catches_everything_still_ends():
    source = """
import threading
e = threading.Event()
def stubborn():
    while True:
        try: e.wait()
        except BaseException: pass
threading.Thread(target=stubborn, daemon=True).start()
"""
    assert explore(source, bound=0, random_schedules=0).kind == "ok"


KEEP_ALIVE = """
import threading
c = threading.Condition(); jobs = []; done = []; idle = []
def worker():
    with c:
        idle.append(1)
        while not jobs:
            if not c.wait(1): {late}
        idle.pop()
        if jobs: done.append(jobs.pop())
t = threading.Thread(target=worker); t.start()
with c:
    hired = bool(idle)
    if hired: jobs.append(1); c.notify()
t.join()
assert len(done) == hired
"""


def test_a_notify_is_lost_on_a_sleeper_whose_time_is_up():
    careless = KEEP_ALIVE.replace("{late}", "idle.pop(); return")
    result = explore(careless, hasty=True, bound=3)
    assert result.kind == "exception"
    assert any("give up waiting" in line for line in result.story)
    careful = KEEP_ALIVE.replace("{late}", "break")
    assert explore(careful, hasty=True, bound=3).kind == "ok"


FUTURES = """
from concurrent.futures import ThreadPoolExecutor, as_completed, wait
import concurrent.futures as cf
out = []
with ThreadPoolExecutor(max_workers=2) as pool:
    fs = [pool.submit(pow, 2, n) for n in range(2)]
    assert sorted(f.result() for f in as_completed(fs)) == [1, 2]
    bad = pool.submit(lambda: 1 / 0)
    assert isinstance(bad.exception(), ZeroDivisionError)
try: pool.submit(print)
except RuntimeError: pass
else: raise AssertionError
left = cf.ThreadPoolExecutor(1)  # never shut down: its thread ends with the program
f = left.submit(out.append, 1); wait([f])
assert out == [1] and f.done() and not f.cancel()
"""


def test_explores_the_executor_of_the_standard_library():
    result = explore(FUTURES, bound=1, schedules=300, random_schedules=20)
    assert result.kind == "ok", result.story
    assert result.schedules >= 300


def test_finds_the_starvation_of_an_executor():
    source = """
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(1)
pool.submit(lambda: pool.submit(int).result()).result()
"""
    result = explore(source)
    assert result.kind in ("deadlock", "lost wake-up")
    assert "main waits" in result.message


def test_says_that_processes_are_not_explored():
    with pytest.raises(Unexplored, match="use ThreadPoolExecutor"):
        explore("from concurrent.futures import ProcessPoolExecutor")


def test_what_is_freed_when_a_run_ends_is_not_reported(
    capsys: pytest.CaptureFixture[str],
):
    """As the executor, whose threads are told to end when it is freed."""
    found = explore(
        """
import queue, threading, weakref
class Pool: pass
def main():
    q, pool = queue.SimpleQueue(), Pool()
    told = weakref.ref(pool, lambda _: q.put(None))
    threading.Event().wait()
main()
"""
    )
    assert found.kind == "lost wake-up"
    assert capsys.readouterr() == ("", "")
