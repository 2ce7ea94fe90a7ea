"""List what this process is made of, and what its parts cost.

    python course/05-thread-pool/inventory.py

It prints the threads of one process with their stacks, says which memory a second
thread or a second process can see, times the creation of both, and watches the
interpreter lock at work. The times are those of your machine, today.
"""

import multiprocessing
import os
import platform
import statistics
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any, NamedTuple

anywhere = 0
own = threading.local()


class Row(NamedTuple):
    """One thread as the interpreter and the operating system know it."""

    name: str
    native_id: int | None
    daemon: bool
    depth: int  # calls on its stack
    doing: str  # the innermost of them


# --- threads and their stacks ----------------------------------------------------


def threads() -> list[Row]:
    """Return every thread of this process, with its stack."""
    frames = sys._current_frames()  # for debuggers: a picture of one instant
    rows = []
    for thread in threading.enumerate():
        frame = frames.get(thread.ident or 0)
        stack = []
        while frame is not None:
            stack.append(frame)
            frame = frame.f_back
        place = "-"
        if stack:
            code = stack[0].f_code
            file = os.path.basename(code.co_filename)
            place = f"{code.co_name}, {file}:{stack[0].f_lineno}"
        rows.append(
            Row(thread.name, thread.native_id, thread.daemon, len(stack), place)
        )
    return rows


def busy_process() -> list[Row]:
    """Return the threads of this process while three more do something."""
    stop, counting, asked = threading.Event(), threading.Event(), threading.Condition()
    started = threading.Barrier(2)

    def wait() -> None:
        with asked:
            started.wait()
            asked.wait_for(stop.is_set)

    def count() -> None:
        counting.set()
        while not stop.is_set():
            sum(range(100))

    with ThreadPoolExecutor(1, thread_name_prefix="pool") as pool:
        pool.submit(int).result()
        more = [
            threading.Thread(target=wait, name="waiting", daemon=True),
            threading.Thread(target=count, name="counting", daemon=True),
        ]
        for thread in more:
            thread.start()
        counting.wait()
        started.wait()
        with asked:  # free only when `waiting` sleeps
            rows = threads()
            stop.set()
            asked.notify_all()
        for thread in more:
            thread.join()
    return rows


# --- which memory is shared ------------------------------------------------------


def visit(heap: list[int], mapped: Any) -> None:
    """Write 1 wherever this thread can."""
    global anywhere
    variable = 1  # on this call's own stack
    anywhere = variable
    heap[0] = variable
    own.value = variable
    mapped[0] = variable


def sharing(start: Callable[..., Any]) -> dict[str, bool]:
    """Say which writes of `visit`, run by a new thread or process, are seen here."""
    global anywhere
    anywhere = own.value = variable = 0
    heap, mapped = [0], multiprocessing.Array("i", 1, lock=False)
    other = start(target=visit, args=(heap, mapped))
    other.start()
    other.join()
    return {
        "a global variable": anywhere == 1,
        "an object on the heap": heap[0] == 1,
        "a local variable of a call": variable == 1,
        "threading.local": own.value == 1,
        "multiprocessing.Array": mapped[0] == 1,
    }


# --- what they cost --------------------------------------------------------------


def nothing() -> None:
    """Do nothing."""


def cost(start: Callable[..., Any], times: int) -> float:
    """Return the median seconds to start a thread or process and see it end."""
    spent = []
    for _ in range(times):
        before = time.perf_counter()
        one = start(target=nothing)
        one.start()
        one.join()
        spent.append(time.perf_counter() - before)
    return statistics.median(spent)


def ways_to_start() -> dict[str, Callable[..., Any]]:
    """Return the ways of this platform to start something that runs beside us."""
    ways: dict[str, Callable[..., Any]] = {"thread": threading.Thread}
    for method in multiprocessing.get_all_start_methods():
        if method in ("fork", "spawn"):
            ways[f"process ({method})"] = multiprocessing.get_context(method).Process
    return ways


# --- the interpreter lock --------------------------------------------------------


def has_lock() -> bool:
    """Return whether this interpreter lets one thread at a time run Python code."""
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())


def rest(seconds: float) -> None:
    """Wait; compute nothing."""
    time.sleep(seconds)


def spin(rounds: int) -> None:
    """Compute; wait for nothing."""
    for k in range(rounds):
        k * k


def compare(
    job: Callable[[Any], None], size: float, times: int = 8
) -> dict[str, float]:
    """Return the seconds that a job takes, repeated alone, by threads, by processes."""
    cores = min(os.cpu_count() or 1, times)
    context = multiprocessing.get_context("spawn")
    with (
        ThreadPoolExecutor(times) as threads,
        ProcessPoolExecutor(cores, mp_context=context) as processes,
    ):
        list(processes.map(job, [0] * 2 * cores))  # so that they have started
        return {
            "one by one": clocked(lambda: list(map(job, [size] * times))),
            f"{times} threads": clocked(lambda: list(threads.map(job, [size] * times))),
            f"{cores} processes": clocked(
                lambda: list(processes.map(job, [size] * times))
            ),
        }


def clocked(work: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    before = time.perf_counter()
    work()
    return time.perf_counter() - before


def one() -> int:
    """Return 1, at the price of a call."""
    return 1


def lost(rounds: int, call: bool) -> int:
    """Return how many of two threads' additions to one counter are lost."""
    total = 0

    def add() -> None:
        nonlocal total
        for _ in range(rounds):
            if call:
                total = total + one()
            else:
                total += 1

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        pair = [threading.Thread(target=add) for _ in range(2)]
        for thread in pair:
            thread.start()
        for thread in pair:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    return 2 * rounds - total


# --- the report ------------------------------------------------------------------


def report(times: int = 20, rounds: int = 2_000_000, seconds: float = 0.05) -> None:
    """Print all of it."""
    lock = "one at a time" if has_lock() else "all at once"
    print(f"Python {platform.python_version()} on {platform.system()}, {lock}")
    print(f"process {os.getpid()}, {os.cpu_count()} cores\n")
    print("thread           native id  daemon  calls  innermost call")
    for row in busy_process():
        name, native, daemon, depth, doing = row
        print(f"{name:<16} {native or '-':>9}  {daemon!s:<6}  {depth:>5}  {doing}")
    ways = ways_to_start()
    seen = {name: sharing(start) for name, start in ways.items()}
    print(f"\n{'written by a':<26}" + "".join(f"{name:>16}" for name in ways))
    for what in seen["thread"]:
        words = ("seen" if seen[name][what] else "-" for name in ways)
        print(f"{what:<26}" + "".join(f"{word:>16}" for word in words))
    costs = (cost(start, times) for start in ways.values())
    print(f"{'to start and to end it':<26}", end="")
    print("".join(f"{1e3 * spent:>13.2f} ms" for spent in costs))
    print()
    for name, job, size in (("rests", rest, seconds), ("arithmetic", spin, rounds)):
        spent = compare(job, size)
        if job is rest:
            print(f"{'8 times':<26}" + "".join(f"{way:>16}" for way in spent))
        print(f"{name:<26}" + "".join(f"{s:>14.2f} s" for s in spent.values()))
    print(f"\na thread is asked to pause after {sys.getswitchinterval()} s")
    for text, call in (("total += 1", False), ("total = total + one()", True)):
        gone = lost(rounds // 4, call)
        print(f"{text:<21} by 2 threads: {gone:,} of {rounds // 2:,} additions lost")


if __name__ == "__main__":
    report()
