"""The command `autograder explore`."""

import json
import shlex
import sys
from itertools import pairwise

import pytest

from autograder import cli

BANK = """
import threading
import ledger

class Account:
    def __init__(self, money):
        self.lock = threading.Lock()
        self.money = money

def move(a, b):
    with a.lock:
        print("moving")
        with {second}.lock:
            ledger.note(a)

def main():
    a, b = Account(3), Account(4)
    there = threading.Thread(target=move, args=(a, b), name="there")
    back = threading.Thread(target=move, args=({back}), name="back")
    for thread in (there, back): thread.start()
    for thread in (there, back): thread.join()

if __name__ == "__main__":
    main()
"""
LEDGER = """
import threading
lock = threading.Lock()
def note(account):
    with lock: account.money -= 1
"""


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    """Run `autograder explore` in a folder with two programs."""
    monkeypatch.chdir(tmp_path)
    broken = BANK.replace("{second}", "b").replace("{back}", "b, a")
    good = BANK.replace("{second}", "b").replace("{back}", "a, b")
    (tmp_path / "broken.py").write_text(broken)
    (tmp_path / "good.py").write_text(good)
    (tmp_path / "ledger.py").write_text(LEDGER)

    def call(*words):
        with pytest.raises(SystemExit) as ended:
            cli.main(["explore", *words])
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return call


@pytest.mark.parametrize("how", [[], ["--function", "main"]])
def test_tells_a_deadlock_and_runs_it_again(run, how, tmp_path):
    code, out, _ = run("broken.py", *how)
    assert code == 1
    assert "deadlock: there waits to acquire" in out
    assert out.count("print 'moving'") == 2  # in the story, and nowhere else
    assert "which back holds" in out
    words = " ".join(["again: autograder explore broken.py", *how, "--replay '[["])
    assert words in out
    code, out, _ = run("broken.py", *how, "--json")
    found = json.loads(out)
    assert (code, found["kind"], found["preemptions"]) == (1, "deadlock", 1)
    (tmp_path / "found.json").write_text(out)
    code, out, _ = run("broken.py", "--replay", "found.json")
    assert code == 1
    assert out.splitlines()[: len(found["story"])] == [
        line.rstrip() if line.endswith(" ") else line for line in found["story"]
    ]
    plan = json.dumps(found["schedule"])
    assert run("broken.py", *how, "--replay", plan)[0] == 1


def test_says_how_far_it_looked_where_nothing_fails(run):
    code, out, err = run("good.py", "--bound", "1", "--random", "5")
    assert (code, err) == (0, "")
    assert out.startswith("no failure in ")
    assert "all with at most 1 preemption, and 5 at random" in out
    assert "were not steps" in out
    assert "No proof. Not tried: sleepers that wake for no reason (--spurious)" in out
    _, out, _ = run("good.py", "--schedules", "3", "--random", "0")
    assert "3: all with at most 0 preemptions, not all with 1" in out
    _, out, _ = run("good.py", "--schedules", "1", "--random", "0")
    assert "1: not all, even of those without a preemption" in out


def test_watches_the_attributes_of_a_class(run, tmp_path):
    _racy(tmp_path)
    code, out, _ = run("good.py", "--watch", "Account", "--no-lines")
    assert code == 1
    assert "race: " in out
    assert "Account.money" in out
    assert "again: autograder explore good.py --watch Account --replay" in out


def _racy(folder, after=""):
    """Let the two threads of good.py change an account without a lock."""
    (folder / "ledger.py").write_text(LEDGER.replace("with lock: ", ""))
    good = (folder / "good.py").read_text()
    for name in ("a.lock", "b.lock"):
        good = good.replace(name, "threading.Lock()")
    good = good.replace("thread.join()", f"thread.join(){after}")
    (folder / "good.py").write_text(good)


def test_lines_are_steps_where_threads_share_what_nothing_orders(run, tmp_path):
    _racy(tmp_path, after="\n    assert a.money == 1")
    quick = ("--bound", "1", "--random", "0")
    assert run("good.py", *quick, "--no-lines")[0] == 0
    for flags in ([], ["--lines"]):
        code, out, _ = run("good.py", *quick, *flags)
        assert code == 1
        assert "AssertionError" in out
        again = shlex.split(out.splitlines()[-1].partition("again: autograder ")[2])
        assert again[:3] == ["explore", "good.py", "--lines"]
        code, replayed, _ = run(*again[1:])
        assert code == 1
        assert replayed.splitlines()[:-1] == out.splitlines()[:-2]
    _, out, _ = run("good.py", *quick, "--json")
    (tmp_path / "found.json").write_text(out)
    assert "AssertionError" in run("good.py", "--replay", "found.json")[1]


def test_what_threads_share_is_told_where_nothing_fails(run, tmp_path):
    _racy(tmp_path)
    code, out, _ = run("good.py", "--bound", "1", "--random", "0")
    assert code == 0
    assert "each line a step: all with at most 1 preemption" in out
    assert "Shared: there writes account.money (line 5) and back writes it" in out
    assert "assert at the end what these must hold" in out


SHARED = {
    "total = 0": ("global total; total += 1", "total", True),
    "items = []": ("items.append(1)", "items", True),
    "table = {}": ("table[1] = 2", "table", True),
    "items = [1]; lock = threading.Lock()": (
        "with lock: items.append(1)",
        "items",
        False,
    ),
    "own = threading.local()": ("own.total = 1", "own", False),
    "import queue; items = queue.Queue()": ("items.put(1)", "items", False),
}


@pytest.mark.parametrize("made", SHARED)
def test_finds_what_threads_share(run, tmp_path, made):
    work, name, shared = SHARED[made]
    (tmp_path / "shared.py").write_text(
        f"import threading\n{made}\ndef work():\n    {work}\n"
        "ts = [threading.Thread(target=work, name=n) for n in 'ab']\n"
        "for t in ts: t.start()\nfor t in ts: t.join()\n"
    )
    code, out, _ = run("shared.py", "--bound", "0", "--random", "0")
    assert code == 0
    assert (f"Shared: a writes {name} (line 4) and b writes it" in out) is shared
    assert ("each line a step:" in out) is shared


STARVED = """
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(1)
def outer():
    print("outer runs")
    return pool.submit(int).result()
pool.submit(outer).result()
"""
UPGRADED = """
import threading
cond, readers = threading.Condition(), []
def upgrade():
    with cond: readers.append(1)
    with cond:
        while len(readers) > 1: cond.wait()
        readers.pop()
        cond.notify_all()
for name in "ab": threading.Thread(target=upgrade, name=name).start()
"""
FORGOTTEN = """
import threading
cond, items = threading.Condition(), []
def take():
    with cond:
        while not items: cond.wait()
threading.Thread(target=take, name="taker").start()
with cond: items.append(1)
"""


def test_a_pool_that_waits_for_itself_is_a_deadlock(run, tmp_path):
    (tmp_path / "starved.py").write_text(STARVED)
    code, out, err = run("starved.py")
    assert code == 1
    assert "\ndeadlock: ThreadPoolExecutor-0_0 waits" in out
    assert "the pool starves itself" in out
    assert "print 'outer runs'" in out
    assert "_base.py" in out
    assert len(out.splitlines()) < 15
    assert "Traceback" not in err


def test_a_wake_up_is_lost_only_where_it_would_help(run, tmp_path):
    (tmp_path / "upgraded.py").write_text(UPGRADED)
    _, out, _ = run("upgraded.py")
    assert "\ndeadlock: a waits to wake" in out
    assert "woken for no reason, each of them finds that it must wait on" in out
    (tmp_path / "forgotten.py").write_text(FORGOTTEN)
    _, out, _ = run("forgotten.py")
    assert "\nlost wake-up: taker waits to wake" in out


def test_a_thread_starts_after_the_line_that_starts_it(run, tmp_path):
    source = UPGRADED.replace("cond.notify_all()", "raise ValueError")
    (tmp_path / "first.py").write_text(source)
    _, out, _ = run("first.py")
    for name in "ab":
        caused = next(
            i for i, line in enumerate(out.splitlines()) if f"start {name}" in line
        )
        begun = [
            i
            for i, line in enumerate(out.splitlines())
            if line[6:].startswith(f"{name} ")
        ]
        assert not begun or begun[0] > caused


def test_the_story_of_a_livelock_is_bounded(run, tmp_path):
    (tmp_path / "live.py").write_text(
        "import threading\nlock = threading.Lock()\nwhile True:\n    with lock: pass\n"
    )
    code, out, _ = run("live.py")
    assert code == 1
    assert "and so on: these 2 lines repeat" in out
    assert len(out.splitlines()) < 40


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("import asyncio", "imports asyncio, which runs coroutines"),
        ("from multiprocessing import Pool", "which starts processes"),
        ("import multiprocessing.pool", "which starts processes"),
        ("import aside", "imports asyncio"),
        ("from concurrent.futures import ProcessPoolExecutor", "ThreadPoolExecutor"),
    ],
)
def test_what_is_not_threads_is_refused_at_once(run, tmp_path, source, why):
    (tmp_path / "aside.py").write_text("import asyncio\n")
    (tmp_path / "other.py").write_text(source + "\n")
    code, out, err = run("other.py")
    assert (code, out) == (2, "")
    assert why in err
    assert "the explorer runs threads" in err


EXERCISE = """
# %% tags=["setup"]
from autograder.student import attempt, check
import threading

# %% tags=["task"] task="twice"
def twice(x):
    return 2 * x

# %% tags=["explore"]
print("trying")
with attempt():
    threading.Thread(target=twice, args=(2,), name="tries").start()

# %% tags=["check"]
raise SystemExit("nothing is checked in an exploration")
check("twice")
"""


COUNTER = """
import threading
lock = threading.Lock()
def up():
    lock.acquire()
"""
USES = """
import threading
from counter import up
threads = [threading.Thread(target=up) for _ in range(2)]
for thread in threads: thread.start()
"""


def test_an_exercise_is_explored_without_its_checks(run, tmp_path):
    (tmp_path / "exercise.py").write_text(EXERCISE)
    assert run("exercise.py")[0] == 0
    (tmp_path / "mine.py").write_text(
        "from exercise import twice\nassert twice(2) == 5\n"
    )
    code, out, _ = run("mine.py")
    assert code == 1
    assert "AssertionError at line 2" in out
    assert "trying" not in out


def test_a_module_in_a_folder_that_the_program_adds_is_explored(run, tmp_path):
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "counter.py").write_text(COUNTER)
    text = f"import sys\nsys.path.insert(0, {str(tmp_path / 'course')!r})\n{USES}"
    (tmp_path / "mine.py").write_text(text)
    try:
        code, out, _ = run("mine.py")
    finally:
        sys.path[:] = [p for p in sys.path if not p.startswith(str(tmp_path))]
    assert code == 1
    assert "deadlock" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["none.py"], "none.py cannot be read"),
        (["bad.py"], "bad.py, line 2: "),
        (["bytes.py"], "bytes.py is no Python source"),
        (["good.py", "--function", "go"], "defines no function go"),
        (["good.py", "--watch", "Bank"], "defines no class Bank to watch"),
        (["good.py", "--replay", "none.json"], "none.json cannot be read"),
        (["good.py", "--replay", "[1]"], "--replay wants a schedule"),
        (["good.py", "--replay", "[[1, 9]]"], "is not one of this program"),
    ],
)
def test_bad_input_gets_one_clear_line(run, tmp_path, words, said):
    (tmp_path / "bad.py").write_text("x = 1\ndef f(:\n")
    (tmp_path / "bytes.py").write_bytes(b"\xff\xfe\x00")
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1


FRAMES = """
import sys, threading
gate = threading.Event()
thread = threading.Thread(target=gate.wait, name="waits")
thread.start()
frames = sys._current_frames()
assert set(frames) == {t.ident for t in threading.enumerate()}
assert frames[threading.get_ident()].f_code.co_name == "<module>"
gate.set()
sys.stdout.write("done")
"""


def test_a_program_finds_where_its_threads_stand(run, tmp_path):
    (tmp_path / "frames.py").write_text(FRAMES)
    assert run("frames.py")[0] == 0


def test_says_that_a_program_without_threads_was_not_interleaved(run, tmp_path):
    (tmp_path / "alone.py").write_text("x = 1\n")
    code, out, _ = run("alone.py", "--random", "3")
    assert code == 0
    assert "The program starts no thread: there was nothing to interleave." in out


def test_a_script_may_exit_but_not_with_an_error(run, tmp_path):
    (tmp_path / "exit.py").write_text("import sys\nsys.exit(0)\n")
    assert run("exit.py")[0] == 0
    (tmp_path / "exit.py").write_text("import sys\nsys.exit('no')\n")
    code, out, _ = run("exit.py")
    assert code == 1
    assert "SystemExit: no" in out


def test_help_says_what_it_looks_for(run):
    code, out, _ = run("--help")
    assert code == 0
    assert "deadlocks, lost wake-ups" in " ".join(out.split())


def test_help_is_wrapped_once(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    for command in ("explore", "release"):
        with pytest.raises(SystemExit):
            cli.main([command, "--help"])
        told = capsys.readouterr().out.partition("╭")[0].splitlines()[3:]
        words = [line.split() for line in told]
        for line, after in pairwise(words):
            full = " ".join([*line, *after[:1]])
            assert not line or not after or len(full) > 77, (command, line)
