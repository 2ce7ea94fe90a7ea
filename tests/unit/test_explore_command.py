"""The command `autograder explore`."""

import json

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
    assert "moving" not in out.replace('print("moving")', "")
    assert "which back holds" in out
    assert "again: autograder explore broken.py --replay '[[" in out
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
    assert "all with at most 1 preemptions" in out
    _, out, _ = run("good.py", "--schedules", "3", "--random", "0")
    assert "no failure in 3 schedules (not all" in out


def test_watches_the_attributes_of_a_class(run, tmp_path):
    racy = LEDGER.replace("with lock: ", "")
    (tmp_path / "ledger.py").write_text(racy)
    assert run("good.py")[0] == 0
    good = (tmp_path / "good.py").read_text()
    for name in ("a.lock", "b.lock"):
        good = good.replace(name, "threading.Lock()")
    (tmp_path / "good.py").write_text(good)
    code, out, _ = run("good.py", "--watch", "Account")
    assert code == 1
    assert "race: " in out
    assert "Account.money" in out


def test_lines_are_steps_where_asked(run, tmp_path):
    racy = LEDGER.replace("with lock: ", "")
    (tmp_path / "ledger.py").write_text(racy)
    good = (tmp_path / "good.py").read_text()
    for name in ("a.lock", "b.lock"):
        good = good.replace(name, "threading.Lock()")
    good = good.replace("thread.join()", "thread.join()\n    assert a.money == 1")
    (tmp_path / "good.py").write_text(good)
    assert run("good.py", "--bound", "1", "--random", "0")[0] == 0
    code, out, _ = run("good.py", "--lines", "--bound", "1", "--random", "0", "--json")
    assert code == 1
    (tmp_path / "found.json").write_text(out)
    code, out, _ = run("good.py", "--replay", "found.json")
    assert code == 1
    assert "AssertionError" in out


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
