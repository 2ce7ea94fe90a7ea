"""What the hidden tests of lesson 05 share."""

import itertools
import json
import re
import threading
import time
from pathlib import Path

from autograder.student.testing import check

CONTRACT = "The contract in the docstring."


STEP_2 = "Chapter, step 2."


STEP_5 = "Chapter, step 5."


STORY_LINES = 9


STEP = re.compile(r" *\d+ [> ] (.+?) +line (\d+) +(.{44})  (.*)")


DULL = ("release", "notify 0", "start", "look at")


# --- what all bodies use ------------------------------------------------------------


def explored(program, bodies, **options):
    """Explore each body; return what was found by the body's name."""
    rules = {"bound": 2, "schedules": 1200, "random_schedules": 60, **options}
    found = {}
    for body in bodies:
        result = program.explore(body, **rules)
        found[body.__name__] = {"found": result, "said": essence(result)}
    return found


def essence(result):
    """What a body's assertion said: it tells mistakes apart where stories differ."""
    text = result["message"].partition("AssertionError: ")[2]
    return re.split(r" at line \d+$", text)[0]


def started(*calls):
    """Start a thread for each call, named like its function."""
    threads = []
    for call in calls:
        thread = threading.Thread(target=call, name=call.__name__)
        threads.append(thread)
        thread.start()
    return threads


def together(*calls):
    """Run the calls in threads of their own until all have ended."""
    for thread in started(*calls):
        thread.join()


def outcome(call, *args, **kwargs):
    """Return ("gave", value) or ("raised", the exception's name)."""
    try:
        return "gave", call(*args, **kwargs)
    except NotImplementedError:
        raise
    except Exception as error:
        return "raised", type(error).__name__


def gave(got, want, what):
    """Assert the outcome of a call; a program's own exception is a kind of outcome."""
    assert got == ("gave", want), f"{what} {said(got)} instead of giving {want!r}"


def refused(got, name, what):
    """Assert that a call raised that exception."""
    assert got == ("raised", name), f"{what} {said(got)} instead of raising {name}"


def said(got):
    """Put an outcome into words."""
    return f"{got[0]} {got[1]!r}" if got[0] == "gave" else f"raised {got[1]}"


def judge(found, look):
    """Fail with the shortest story of the first body that failed."""
    for name, entry in found.items():
        result = entry["found"]
        if result["kind"] != "ok":
            where = " ".join((globals()[name].__doc__ or name).split()).rstrip(".")
            check.true(False, where=where, evidence=tale(result), look=look)


def tale(result):
    """Shorten a counterexample to what happened, and its last steps, line by line."""
    message = result["message"].splitlines()
    steps = [STEP.match(line) for line in result["story"]]
    kept = [
        f"  {thread}, line {number}: {done}   [{code.strip()}]"
        for thread, number, code, done in (step.groups() for step in steps if step)
        if not done.startswith(DULL)
    ]
    if len(kept) > STORY_LINES:
        kept = ["  ...", *kept[-STORY_LINES:]]
    told = [_plainly(result["kind"], line) for line in message]
    if result["kind"] == "exception" and not result["schedule"]:
        return "\n".join(told)  # it fails whoever goes first: no story to tell
    return "\n".join([*told, "in this schedule:", *kept] if kept else told)


def _plainly(kind, line):
    marks = ("in main: AssertionError: ", "AssertionError: ")
    for mark in marks:
        line = line.replace(mark, "")
    return line.split(" at line ")[0] if kind == "exception" else f"{kind}: {line}"


# --- what the tests of the pool use -------------------------------------------------


class Boom(Exception):
    """What a failing task raises."""


def crew(errors, made=None):
    """A thread factory: daemons that note what leaves `run`, as Java's handlers do."""
    made = [] if made is None else made

    def factory(run):
        def guarded():
            try:
                run()
            except (Exception, SystemExit, KeyboardInterrupt) as error:
                errors.append(error)

        number = len(made) + 1
        made.append(f"worker-{number}")
        return threading.Thread(target=guarded, name=made[-1], daemon=True)

    return factory


def pool_of(m, core, maximum, keep_alive=0.0, capacity=None, errors=None, policy=None):
    """A pool of daemons, whose policy is not the submission's."""

    def refuse(task, pool):
        raise m.Rejected("full")

    factory = crew([] if errors is None else errors)
    return m.ThreadPool(core, maximum, keep_alive, capacity, policy or refuse, factory)


def settle():
    """Wait until nobody else can run: virtual time passes only then."""
    time.sleep(0.001)


class Player:
    """Plays one script on a pool, and notes what a JDK's trace holds, too."""

    def __init__(self, m, script, own_policy):
        self.m, self.started, self.uncaught, self.told = m, [], [], 0
        self.futures, self.gates, self.left = {}, {}, []
        head = script["core"], script["maximum"], script["keep_alive_ms"] / 1000
        policy = getattr(m, script["policy"]) if own_policy else self.refuse
        factory = crew(self.uncaught)
        self.pool = m.ThreadPool(*head, script["capacity"], policy, factory)

    def refuse(self, task, pool):
        raise self.m.Rejected("full")

    def gate(self, name):
        return self.gates.setdefault(name, threading.Event())

    def act(self, words):
        verb, name = words[0], words[-1]
        if verb in ("execute", "submit"):
            return self.offer(words)
        if verb == "open":
            return self.gate(name).set()
        if verb == "cancel":
            return self.futures[name].cancel()
        if verb == "poll":
            task = self.pool.poll()
            return task is not None and (task(), True)[1]
        if verb == "shutdown":
            return self.pool.shutdown()
        if verb == "shutdown_now":
            self.left = self.pool.shutdown_now()
            return len(self.left)
        if verb == "run_left":
            for task in self.left:
                task()
            return None
        if verb == "await":
            return self.pool.await_termination(int(name) / 1000)
        return time.sleep(int(name) / 1000)

    def offer(self, words):
        task = self.task(*words[1:])
        try:
            if words[0] == "execute":
                self.pool.execute(task)
            else:
                self.futures[words[1]] = self.pool.submit(task)
        except self.m.Rejected:
            return "rejected"
        except Boom:
            return "failed"
        return "taken"

    def task(self, name, kind, other=""):
        def run():
            here = threading.current_thread().name
            self.started.append(f"{name}@{'caller' if here == 'main' else here}")
            if kind.startswith("wait"):
                self.gate(name).wait()
            if kind.endswith("spawn"):
                words = ["execute", other, "run"]
                self.started.append(f"{other} {self.offer(words)}")
            if kind.endswith("fail"):
                raise Boom(name)
            return name

        return run

    def state(self, future):
        if not future.done():
            return "open"
        if future.cancelled():
            return "cancelled"
        error = future.exception(0)
        return f"value {future.result(0)}" if error is None else f"error {error}"

    def look(self, shut):
        stats = self.pool.stats()
        fresh, self.told = self.started[self.told :], len(self.started)
        seen = {
            "size": stats.size,
            "active": stats.active,
            "queued": stats.queued,
            "largest": stats.largest,
            "completed": stats.completed,
            "started": fresh,
            "uncaught": [str(error) for error in self.uncaught],
            "futures": {n: self.state(f) for n, f in self.futures.items()},
        }
        if shut:
            seen["shutdown"] = self.pool.is_shutdown()
            seen["terminated"] = self.pool.is_terminated()
        return seen


def played(program, scripts, own_policy, shut):
    """Play each script under one schedule; return the traces, and how they ended."""
    traces = {}
    for name, script in scripts.items():
        steps = []

        def body(m, script=script, steps=steps):
            steps.clear()
            player = Player(m, script, own_policy)
            for words in script["ops"]:
                result = player.act(words.split())
                settle()
                steps.append({"result": result, **player.look(shut)})

        rules = {"bound": 0, "schedules": 1, "random_schedules": 0}
        traces[name] = steps, program.explore(body, **rules)
    return traces


GOLDEN = json.loads(
    (Path(__file__).parents[1] / "java" / "golden.json").read_text(encoding="utf-8")
)


def scripts_of(*names, whole=True):
    """The scripts by name, to their end or to where the pool is shut down."""
    chosen = {}
    for name in names:
        script = GOLDEN["scripts"][name]
        steps = script["steps"]
        if not whole:
            steps = list(
                itertools.takewhile(lambda s: not s["op"].startswith("shut"), steps)
            )
        chosen[name] = {**script, "steps": steps, "ops": [s["op"] for s in steps]}
    return chosen


def beside_java(student, scenario, look, *names, whole=True):
    """Play scripts on the submission's pool, and compare each step with the JDK's."""
    chosen = scripts_of(*names, whole=whole)
    sent = {
        name: {key: value for key, value in script.items() if key != "steps"}
        for name, script in chosen.items()
    }
    traces = student.explore(scenario, scripts=sent)
    for name, (seen, ended) in traces.items():
        script = chosen[name]
        head = f"core={script['core']}, maximum={script['maximum']}, "
        head += f"keep_alive={script['keep_alive_ms'] / 1000:g}, "
        head += f"capacity={script['capacity']}"
        where = f"a pool beside a JDK's ({head}; script {name!r})"
        for got, want in zip(seen, script["steps"], strict=False):
            _compare(got, want, f"{where}, after '{want['op']}'", name, look)
        if ended["kind"] != "ok":
            check.true(False, where=where, evidence=tale(ended), look=look)
        check.equal(len(seen), len(script["steps"]), where=f"{where}: steps")


def _compare(got, want, where, script, look):
    named = script.startswith("fail")  # only there do the rules fix which worker runs
    for key, value in got.items():
        mine, theirs = value, want[key]
        if key == "started" and not named:
            mine, theirs = ([_anyone(s) for s in side] for side in (mine, theirs))
        if mine != theirs or type(mine) is not type(theirs):
            evidence = f"{WORDS.get(key, key)}: got {check.show(mine)}, "
            evidence += f"a JDK's has {check.show(theirs)}"
            check.true(False, where=where, evidence=evidence, look=look)


def _anyone(event):
    who = event.partition("@")[2]
    return event if who in ("", "caller") else event.replace(who, "a worker")


WORDS = {
    "result": "what the call did",
    "started": "what ran since the step before",
    "uncaught": "exceptions that left a worker",
    "futures": "futures",
    "size": "workers",
    "active": "active workers",
    "queued": "queued tasks",
    "largest": "largest size",
    "completed": "completed tasks",
}


def java_shut(program, scripts):
    return played(program, scripts, own_policy=True, shut=True)


# --- the policies -------------------------------------------------------------------


class Stand:
    """A stand-in for a pool: says what a policy asked of it."""

    def __init__(self, shut, queued=1):
        self.shut, self.log, self.queued = shut, [], queued

    def is_shutdown(self):
        return self.shut

    def poll(self):
        self.log.append("poll")
        if not self.queued:
            return None
        self.queued -= 1
        return lambda: self.log.append("ran the oldest")

    def execute(self, task):
        self.log.append("execute")
        self.given = task


def pool_policy(task, pool):
    """A policy that is never needed."""
    raise Boom("rejected")
