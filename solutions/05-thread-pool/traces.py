"""Schedules recorded by the explorer for the figure, and the chapter's numbers."""

from __future__ import annotations

import concurrent.futures
import functools
import itertools
import json
import math
import re
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import programs
import reference

from autograder.student.lab.schedule import TraceEvent, explore, trace

HERE = Path(__file__).resolve().parent
SLOW = HERE.parents[1] / "course" / HERE.name / "slow.py"

#: What the lanes of the figure call the explorer's operations; time passes unseen.
WORDS = {
    "acquire": "lock",
    "release": "unlock",
    "wait": "sleep",
    "wake": "wake",
    "read": "read",
    "write": "write",
    "sleep": "",
}


# --- recording one schedule -------------------------------------------------------


NOTES = {"refused", *(f"{verb} t{k}" for verb in ("run", "end") for k in range(1, 10))}


def record(
    source: str, plan: Any = (), *, state: str = "", quote: bool = True
) -> dict[str, Any]:
    """Run a program under one schedule: its threads, events, and the books after each.

    Args:
        source: The program.
        plan: The schedule.
        state: Source that defines `state()`, a dictionary of plain values.
        quote: Keep the lines of the program; those of the reference stay hidden.
    """
    run = trace(source, plan, state=state)
    shown = [event for event in run.events if word(event)]
    first, *others = dict.fromkeys(short(event.thread) for event in shown)
    threads = [first, *sorted(others)]
    texts, things, states = [""], [""], [run.before]
    events = [
        [
            threads.index(short(event.thread)),
            word(event),
            place(texts, event.text if quote and event.op not in NOTES else ""),
            place(things, thing(event)),
            place(states, event.state),
        ]
        for event in shown
    ]
    return {
        "threads": threads,
        "events": events,
        "texts": texts,
        "things": things,
        "states": states,
        "ending": ending(run.message) if run.message else None,
    }


def ending(message: str) -> str:
    """Say how a run failed, in one line without line numbers."""
    numbers = r" \(line \d+\)| (of|at) line \d+| \(no\. \d+\)"
    return re.sub(numbers, "", message).replace("\n", "; ")


def place(values: list[Any], value: Any) -> int:
    """Return where a value stands in a list, after adding it if need be."""
    if value not in values:
        values.append(value)
    return values.index(value)


def thing(event: TraceEvent) -> str:
    """Name what an operation is done to."""
    if event.op.startswith(("read", "write")):
        return event.op.partition(".")[2]
    return short(event.target.partition(" of line")[0])


def word(event: TraceEvent) -> str:
    """Return the few letters that stand in a lane; none for what is not shown."""
    if event.op in ("start", "join"):
        return f"{event.op} {thing(event)}" if event.target else "begin"
    if event.op.startswith("notify"):
        return "notify" if event.op.split()[1] != "0" else "notify 0"
    return WORDS.get(event.op.partition(" ")[0], event.op)


def short(name: str) -> str:
    """Write "worker 1" and "worker-1" as w1."""
    return name.replace("worker ", "w").replace("worker-", "w")


# --- the schedules of the figure --------------------------------------------------


def recordings() -> dict[str, dict[str, Any]]:
    """Return the runs of the figure: two right ones, then failing ones."""
    pool = (HERE / "reference.py").read_text(encoding="utf-8")
    nine = {"state": programs.NINE_STATE, "quote": False}
    runs = {
        "java": record(pool + programs.JAVA + programs.NINE, **nine)
        | {"title": "nine tasks, Java's rules", "room": 3},
        "python": record(pool + programs.PYTHON + programs.NINE, **nine)
        | {"title": "nine tasks, Python's rules", "room": None},
    }
    # Open where the rules differ most: t7 has overtaken t3; all the rest is queued.
    runs["java"]["opening"] = events_of(runs["java"], "w4", "run t7")[0] + 1
    runs["python"]["opening"] = events_of(runs["python"], "main", "sleep")[0] + 1
    for name, (source, state, more) in failing(pool).items():
        found = explore(source, races=False)
        assert found.failed, name
        quote = not source.startswith(pool)
        run = record(source, found.schedule, state=state, quote=quote) | more
        assert run["ending"], name
        run["preemptions"] = found.preemptions
        run["link"] = more["link"](run)
        run["opening"] = len(run["events"])
        runs[name] = run
    return runs


def failing(pool: str) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Return each failing program, its `state`, and what the figure says of it."""
    return {
        "lost": (
            programs.LOST,
            programs.LOST_STATE,
            {
                "title": "fails: a lost update",
                "why": "One thread writes what it computed from a value that the other "
                "has replaced since it was read.",
                "remedy": "Read, add and write under one lock.",
                "link": lambda run: pair(run, ("B", "read"), ("A", "write")),
                "words": ["reads x = 0", "writes x = 1"],
                "ends": {"main": "AssertionError"},
            },
        ),
        "stolen": (
            SLOW.read_text(encoding="utf-8"),
            programs.STOLEN_STATE,
            {
                "title": "fails: if around wait",
                "room": 2,
                "why": "The job that the sleeper was woken for is gone before the "
                "sleeper has the lock again.",
                "remedy": "Test again after every wait: while, not if.",
                "link": lambda run: pair(run, ("w1", "lock"), ("w2", "wake")),
                "words": ["takes the job", "pops from an empty list"],
                "ends": {"main": "waits for w1 to end", "w2": "IndexError"},
            },
        ),
        "grow": (
            programs.GROW,
            programs.GROW_STATE,
            {
                "title": "fails: check, then act",
                "why": "Both threads read size = 0 before either has written 1: what "
                "was checked no longer holds when it is acted upon.",
                "remedy": "Check and act under the same lock.",
                "link": lambda run: pair(run, ("A", "read"), ("B", "write")),
                "words": ["reads size = 0", "writes size = 1"],
                "ends": {"main": "waits for A to end", "A": "AssertionError"},
            },
        ),
        "locks": (
            programs.LOCKS,
            "",
            {
                "title": "fails: two locks, two orders",
                "why": "Each thread holds the lock that the other one waits for.",
                "remedy": "One lock; or one order, the same everywhere.",
                "link": lambda run: pair(run, ("B", "lock"), ("A", "lock")),
                "words": ["takes queue_lock first", "takes pool_lock first"],
                "ends": {
                    "main": "waits for A to end",
                    "A": "waits for queue_lock",
                    "B": "waits for pool_lock",
                },
                "locks": 2,
            },
        ),
        "nest": (
            pool + programs.NEST,
            programs.NEST_STATE,
            {
                "title": "fails: a task waits for a task",
                "room": 4,
                "why": "The only worker waits for a task that waits in the queue for "
                "a worker. No schedule helps.",
                "remedy": "No lock and no order helps: change who waits, or where. The "
                "written question asks how.",
                "link": lambda run: pair(run, ("w1", "notify 0"), ("w1", "sleep")),
                "words": ["puts inner behind itself", "sleeps until inner is done"],
                "ends": {"main": "sleeps for ever", "w1": "sleeps for ever"},
            },
        ),
    }


def events_of(run: dict[str, Any], thread: str, op: str) -> list[int]:
    """Return where a thread does an operation."""
    return [
        k
        for k, (who, what, *_) in enumerate(run["events"])
        if run["threads"][who] == thread and what == op
    ]


def pair(run: dict[str, Any], first: Any, second: Any) -> list[int]:
    """Return the first events of two kinds, in their order."""
    return sorted((events_of(run, *first)[0], events_of(run, *second)[0]))


def started(run: dict[str, Any]) -> list[str]:
    """Return the tasks in the order in which they began."""
    return list(run["states"][run["events"][-1][-1]]["started"])


@functools.cache
def figure() -> dict[str, Any]:
    """Return every recorded schedule, and the two orders of starts."""
    runs = recordings()
    names = [f"t{k}" for k in range(1, 10)]
    orders = {name: started(runs[name]) for name in ("java", "python")}
    assert orders["python"] == started_by_futures(names)
    assert orders["java"] == started_by_a_jdk()
    return {
        "runs": runs,
        "twenty": [
            ["".join(one), preemptions(one), 1 if loses(one) else 2]
            for one in reference.interleavings("AAA", "BBB")
        ],
        "order": {
            name: {"order": order, "refused": [n for n in names if n not in order]}
            for name, order in orders.items()
        },
    }


def started_by_a_jdk() -> list[str]:
    """Return in which order Java's own pool started the same tasks."""
    golden = json.loads((HERE / "java" / "golden.json").read_text(encoding="utf-8"))
    steps = golden["scripts"]["growth"]["steps"]
    started = [name.partition("@")[0] for step in steps for name in step["started"]]
    return [name for name in started if name.startswith("t")]


def started_by_futures(names: list[str]) -> list[str]:
    """Return in which order the library's own pool of 4 starts tasks that wait."""
    order: list[str] = []
    begun = {name: threading.Event() for name in names}
    ends = {name: threading.Event() for name in names}

    def task(name: str) -> None:
        order.append(name)
        begun[name].set()
        ends[name].wait()

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for name in names:
            pool.submit(task, name)
            if len(order) < 4:
                begun[name].wait()
        for place, name in enumerate(names):
            ends[name].set()  # one at a time, so that the order is the pool's alone
            for later in names[place + 4 : place + 5]:
                begun[later].wait()
    return order


# --- the chapter's numbers --------------------------------------------------------


def preemptions(schedule: tuple[str, ...]) -> int:
    """Count switches away from a thread that has steps left."""
    return sum(
        here != after and here in schedule[place:]
        for place, (here, after) in enumerate(itertools.pairwise(schedule), 1)
    )


def loses(schedule: tuple[str, ...]) -> bool:
    """Run x += 1 by threads A and B under a schedule of their steps."""
    x, register, step = 0, {}, Counter()
    for who in schedule:
        step[who] += 1
        if step[who] == 1:
            register[who] = x
        elif step[who] == 2:
            register[who] += 1
        else:
            x = register[who]
    return x != 2


@functools.cache
def bounded(a: int, b: int, turn: str, left: int) -> int:
    """Count the schedules of two threads, one of which has the turn, with a bound.

    `a` and `b` are the steps that the thread with the turn and the other one have left.
    """
    if a + b == 0:
        return 1
    stay = bounded(a - 1, b, turn, left) if a else 0
    cost = 1 if a and turn else 0
    go = bounded(b - 1, a, "on", left - cost) if b and cost <= left else 0
    return stay + go


def claims() -> dict[str, str]:
    """Return every measured number of the chapter as text, and the story of slow.py."""
    single, double = reference.lost_updates(1, 1), reference.lost_updates(2, 2)
    schedules = list(reference.interleavings("AAA", "BBB"))
    exactly = Counter(map(preemptions, schedules))
    losing = Counter(preemptions(one) for one in schedules if loses(one))
    orders = figure()["order"]
    story = explore(SLOW.read_text(encoding="utf-8")).story
    begins = 2 * bounded(19, 20, "on", 2)  # either thread may have the first step
    return {
        "schedules": str(len(schedules)),
        "lost": str(single[1]),
        "schedules_two": str(sum(double.values())),
        "right_two": str(double[4]),
        "least_two": str(min(double)),
        "schedules_twenty": f"{math.comb(40, 20):,}",
        "bounded_twenty": str(begins),
        "story": " ".join(" ".join(story).split()),
        "java_order": ", ".join(orders["java"]["order"]),
        "python_order": ", ".join(orders["python"]["order"]),
        **{f"exactly_{p}": str(exactly[p]) for p in range(5)},
        **{f"losing_{p}": str(losing[p]) for p in range(5)},
    }
