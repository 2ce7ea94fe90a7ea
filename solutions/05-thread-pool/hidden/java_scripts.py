"""Scripts played on the submission's pool, and compared with what a real JDK did.

`java/golden.json` holds the scripts and the JDK's traces. Each step is played when
nothing moves any more: here that is a virtual millisecond, which passes only when no
thread can run.
"""

import itertools
import json
import threading
import time
from pathlib import Path

from hidden.pools import Boom, crew
from hidden.scenes import settle

from autograder.student.testing import check
from autograder.student.testing.stories import tale


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
            # Our player wrote both, of scripts that are no secret input.
            evidence = f"{WORDS.get(key, key)}: got {check.show_own(mine)}, "
            evidence += f"a JDK's has {check.show_own(theirs)}"
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


# --- what runs beside the submission ------------------------------------------------


def java_pool(program, scripts):
    """Play scripts with a policy of ours, and do not look for a shutdown."""
    return played(program, scripts, own_policy=False, shut=False)


def java_policies(program, scripts):
    """Play scripts with the submission's policies."""
    return played(program, scripts, own_policy=True, shut=False)


def java_shut(program, scripts):
    """Play scripts with the submission's policies, to the end of the pool."""
    return played(program, scripts, own_policy=True, shut=True)
