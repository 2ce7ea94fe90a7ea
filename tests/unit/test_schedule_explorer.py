"""What the explorer finds, what it leaves in peace, and that it replays."""

import pytest

from autograder.student.lab.schedule import explore, load, replay, watch

POOL = """
import threading
from collections import deque
class Future:
    def __init__(self):
        self.c = threading.Condition(); self.done = False; self.value = None
        self.error = None; self.cancelled = False; self.running = False
    def result(self):
        with self.c:
            {rwait} not self.done: self.c.wait()
        if self.error: raise self.error
        return self.value
    def cancel(self):
        with self.c:
            if self.running or self.done: return False
            self.cancelled = self.done = True
            self.error = RuntimeError("cancelled")
            self.c.notify_all()
            return True
class Pool:
    def __init__(self, core, room, most):
        self.core, self.room, self.most = core, room, most
        self.lock = threading.Lock(); self.c = threading.Condition(self.lock)
        self.queue = deque(); self.threads = []; self.stop = False; self.n = 0
    def submit(self, job):
        f = Future(); t = None
        {submit}
        if t: t.start()
        return f
    def add(self, first):
        self.n += 1
        t = threading.Thread(target=self.work, args=(first,))
        self.threads.append(t)
        return t
    def run(self, f, job):
        {claim}
        try: v, e = job(), None
        except BaseException as x: v, e = None, x
        {exc}
        with f.c:
            f.value, f.error, f.done = v, e, True
            f.c.{notify_future}()
    def work(self, first):
        self.run(*first)
        while True:
            with self.lock:
                {wwait} not self.queue and not self.stop: self.c.wait()
                if {leave}: return
                item = self.queue.popleft()
            self.run(*item)
    def shutdown(self):
        with self.lock:
            self.stop = True
            self.c.{notify_stop}()
        for t in self.threads: t.join()
"""
PLACE = """elif len(self.queue) < self.room:
                self.queue.append((f, job)); self.c.notify()
            elif self.n < self.most: t = self.add((f, job))
            else: raise RuntimeError("rejected")"""
GOOD_SUBMIT = f"""with self.lock:
            if self.n < self.core: t = self.add((f, job))
            {PLACE}"""
RACY_SUBMIT = f"""with self.lock: small = self.n < self.core
        with self.lock:
            if small: t = self.add((f, job))
            {PLACE}"""
GOOD = {
    "rwait": "while",
    "wwait": "while",
    "submit": GOOD_SUBMIT,
    "claim": """with f.c:
            if f.cancelled: return
            f.running = True""",
    "exc": "pass",
    "notify_future": "notify_all",
    "notify_stop": "notify_all",
    "leave": "not self.queue and self.stop",
}
BUGS = {
    "worker_if": {"wwait": "if"},
    "result_if": {"rwait": "if"},
    "shutdown_notify_one": {"notify_stop": "notify"},
    "future_notify_one": {"notify_future": "notify"},
    "check_then_act": {"submit": RACY_SUBMIT},
    "cancel_race": {
        "claim": """if f.cancelled: return
        with f.c: f.running = True"""
    },
    "exit_drops_queue": {"leave": "self.stop"},
    "exception_kills_worker": {"exc": "if e: raise e"},
    "no_notify_on_submit": {"submit": GOOD_SUBMIT.replace("; self.c.notify()", "")},
}
SCENARIOS = [
    """
p = Pool(1, 2, 1); out = []
def client(i): out.append(p.submit(lambda: i).result())
ts = [threading.Thread(target=client, args=(i,)) for i in range(2)]
for t in ts: t.start()
for t in ts: t.join()
p.shutdown()
assert sorted(out) == [0, 1], out
assert p.n <= 1, f"pool grew to {p.n}"
""",
    """
p = Pool(2, 2, 2)
a, b, c = p.submit(lambda: 1), p.submit(lambda: 1 / 0), p.submit(lambda: 3)
p.shutdown()
assert c.done and c.value == 3, "queued task lost"
try: b.result(); assert 0, "exception lost"
except ZeroDivisionError: pass
""",
    """
ran = []; said = []; p = Pool(1, 2, 1)
f, g = p.submit(lambda: ran.append(0)), p.submit(lambda: ran.append(1))
def wait():
    try: g.result()
    except RuntimeError: pass
ts = [threading.Thread(target=lambda: said.append(g.cancel()))]
ts += [threading.Thread(target=wait) for _ in range(2)]
for t in ts: t.start()
for t in ts: t.join()
p.shutdown()
assert not (said[0] and 1 in ran), "cancelled task ran"
assert said[0] or 1 in ran, "neither"
""",
]


def pool(bug):
    source = POOL
    for key, value in {**GOOD, **bug}.items():
        source = source.replace("{" + key + "}", value)
    return source


@pytest.mark.parametrize("name", BUGS)
def test_finds_each_pool_bug_and_replays_it(name):
    spurious = name.endswith("_if")
    for scenario in SCENARIOS:
        source = pool(BUGS[name]) + scenario
        found = explore(
            source, bound=1, random_schedules=0, spurious=spurious, schedules=1500
        )
        if found.failed:
            break
    assert found.failed
    for _ in range(100):
        again = replay(source, found.schedule, spurious=spurious)
        assert (again.kind, again.message) == (found.kind, found.message)
        assert again.story == found.story


@pytest.mark.parametrize("scenario", range(3))
def test_reports_nothing_for_a_correct_pool(scenario):
    names = load(pool({}), "<pool>")
    code = compile(SCENARIOS[scenario], "<scenario>", "exec")
    result = explore(
        lambda: exec(code, dict(names)),
        bound=1,
        schedules=3000,
        random_schedules=300,
        spurious=True,
    )
    assert result.kind == "ok"
    assert result.schedules > 300


DEADLOCK = """
import threading
a, b = threading.Lock(), threading.Lock()
def one():
    with a:
        with b: pass
def two():
    with b:
        with a: pass
t = threading.Thread(target=one, name="one")
u = threading.Thread(target=two, name="two")
t.start(); u.start(); t.join(); u.join()
"""


def test_tells_a_deadlock_as_a_cycle():
    result = explore(DEADLOCK)
    assert result.kind == "deadlock"
    assert result.preemptions == 1
    cycle = result.message.splitlines()
    assert len(cycle) == 2
    second = "the Lock of line 3 (no. 2)"
    assert f"one waits to acquire {second} (line 6), which two holds" in cycle
    assert any("with b:" in line for line in result.story)


def test_needs_a_preemption_for_that_deadlock():
    result = explore(DEADLOCK, bound=0, random_schedules=0)
    assert result.kind == "ok"
    assert result.complete


def test_random_schedules_find_it_too_and_are_shortened():
    result = explore(DEADLOCK, bound=0, random_schedules=200, seed=3)
    assert result.kind == "deadlock"
    assert result.preemptions <= 2
    again = explore(DEADLOCK, bound=0, random_schedules=200, seed=3)
    assert again.schedule == result.schedule
    assert replay(DEADLOCK, result.schedule).kind == "deadlock"


def test_a_lock_taken_twice_is_a_deadlock_of_one():
    source = "import threading\nl = threading.Lock()\nl.acquire()\nl.acquire()\n"
    result = explore(source)
    assert result.kind == "deadlock"
    assert "which main holds" in result.message


LOST = """
import threading
c = threading.Condition()
def wait():
    with c: c.wait()
t = threading.Thread(target=wait, name="sleeper")
t.start()
with c: c.notify()
t.join()
"""


def test_finds_a_lost_wake_up():
    result = explore(LOST)
    assert result.kind == "lost wake-up"
    assert result.message.startswith("sleeper waits to wake from the Condition")


SPURIOUS = """
import threading
c = threading.Condition(); ready = []
def wait():
    with c:
        if not ready: c.wait()
        assert ready
t = threading.Thread(target=wait)
t.start()
with c: ready.append(1); c.notify()
t.join()
"""


def test_spurious_wake_ups_only_where_asked():
    assert explore(SPURIOUS).kind == "ok"
    result = explore(SPURIOUS, spurious=True)
    assert result.kind == "exception"
    assert any("(woken for no reason)" in line for line in result.story)
    patient = SPURIOUS.replace("if not ready", "while not ready")
    assert explore(patient, spurious=True).kind == "ok"


def test_spinning_for_ever_is_a_livelock_and_spinning_a_while_is_not():
    source = """
import threading, time
l = threading.Lock(); done = []
def finish(): done.append(1)
t = threading.Thread(target=finish)
{start}
while not done:
    with l: pass
"""
    never = explore(source.replace("{start}", ""), random_schedules=0, cap=1000)
    assert never.kind == "livelock"
    fine = source.replace("{start}", "t.start()")
    assert explore(fine, bound=1, schedules=50, random_schedules=20).kind == "ok"


def test_checks_the_invariant_at_each_step():
    source = """
import threading
l = threading.Lock(); n = 0
def up():
    global n
    n += 1
    with l: n -= 1
ts = [threading.Thread(target=up) for _ in range(2)]
for t in ts: t.start()
for t in ts: t.join()
"""
    assert explore(source, invariant="n <= 2").kind == "ok"
    result = explore(source, invariant="n <= 1")
    assert result.kind == "invariant"
    assert replay(source, result.schedule, invariant="n <= 1").kind == "invariant"


COUNTER = """
import threading
class Counter:
    def __init__(self): self.n = 0; self.lock = threading.Lock()
    def up(self):
        {guard}: self.n += 1
def main():
    c = Counter()
    ts = [threading.Thread(target=c.up) for _ in range(2)]
    for t in ts: t.start()
    for t in ts: t.join()
    assert c.n == 2, c.n
"""


def counter(guard):
    names = load(COUNTER.replace("{guard}", guard), "<counter>")
    watch(names["Counter"])
    return names["main"]


def test_reports_a_data_race_and_none_behind_a_lock():
    result = explore(counter("if True"))
    assert result.kind == "race"
    assert "Counter.n" in result.message
    assert replay(counter("if True"), result.schedule).kind == "race"
    assert explore(counter("with self.lock")).kind == "ok"


def test_a_lost_update_is_found_when_races_are_not_reported():
    result = explore(counter("if True"), races=False)
    assert result.kind == "exception"
    assert "AssertionError: 1" in result.message


def test_a_schedule_of_another_program_diverges():
    schedule = explore(DEADLOCK).schedule
    assert replay("x = 1", schedule).kind in ("ok", "diverged")
    assert replay(DEADLOCK, [(1, 9)]).kind == "diverged"


def test_probing_makes_releases_steps():
    source = """
import threading
l = threading.Lock()
def hold():
    with l: pass
t = threading.Thread(target=hold); t.start()
assert l.acquire(blocking=False)
l.release(); t.join()
"""
    result = explore(source)
    assert result.kind == "exception"
    assert replay(source, result.schedule).kind == "exception"


def test_hasty_timeouts_fire_while_others_work():
    source = """
import threading
e = threading.Event()
t = threading.Thread(target=e.set); t.start()
assert e.wait(5)
t.join()
"""
    assert explore(source).kind == "ok"
    assert explore(source, hasty=True).kind == "exception"


def test_says_the_same_in_every_run_of_what_has_an_address():
    result = explore("raise ValueError(object())", random_schedules=0)
    assert result.message == "in main: ValueError: <object object> at line 1"


SLEEPER = """
import threading, time
done = []
threading.Thread(target=done.append, args=(1,)).start()
time.sleep(1.0)
assert done, "the sleep ended while a thread could run"
"""


@pytest.mark.parametrize("step", range(1, 6))
def test_a_plan_ends_no_sleep_while_others_can_run(step):
    assert replay(SLEEPER, ((step, 0),)).kind in ("ok", "diverged")


def test_a_plan_ends_a_sleep_where_timeouts_may_be_hasty():
    assert replay(SLEEPER, ((2, 0),), hasty=True).kind == "exception"
