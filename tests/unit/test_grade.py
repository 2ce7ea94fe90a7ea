"""Grading in a real jail: verdicts, isolation of tests, diagnosis, purity."""

from __future__ import annotations

import os
import socket
import time

import pytest
from toy import handed, write_course

from autograder.grading.grade import Grader, grade
from autograder.sandbox.jail import Jail
from autograder.sandbox.loaded import Loaded
from autograder.student.report import InfrastructureError, Verdict
from autograder.student.testing.answers import alike

pytestmark = pytest.mark.jail


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    return write_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def reference(lesson):
    return lesson.reference_path.read_text()


@pytest.fixture(scope="module")
def judged(lesson, reference):
    """Every submission of this module, graded by one grader in one jail."""
    good = reference
    submissions = [handed(name, good, *more) for name, more in SUBMISSIONS.items()]
    submissions.append(handed("stub", lesson.exercise_path.read_text()))
    submissions.append(handed("empty"))
    reports = {}

    def keep(key, report):
        reports[key] = report

    Grader(lesson, seed=7).run(((s.name, s) for s in submissions), keep)
    return reports


SUBMISSIONS = {
    "reference": (),
    "off by one": (
        "def mean(x):\n    if not len(x):\n        raise ValueError\n"
        "    return float(np.sum(x) / (len(x) - 1))",
    ),
    "off by one and careless": (
        "def mean(x):\n    return float(np.sum(x) / (len(x) - 1))",
    ),
    "exits": ("import os\ndef mean(x):\n    os._exit(0)",),
    "leaves": ("def mean(x):\n    raise SystemExit",),
    "spins": ("def mean(x):\n    while True: pass",),
    "sleeps": ("import time\ndef mean(x):\n    time.sleep(99)",),
    "eats memory": ("def mean(x):\n    return bytearray(10**10)",),
    "dies": ("import ctypes\ndef mean(x):\n    return ctypes.string_at(0)",),
    "prints": ("def mean(x):\n    print('x' * 10**7)",),
    "kills all": ("import os\ndef mean(x):\n    os.kill(-1, 9)",),
    "kills its parent": (
        "import os\ndef mean(x):\n    os.kill(os.getppid(), 9)\n"
        "    return float(np.sum(x) / len(x))",
    ),
    "hangs while loading": ("y = 1\nwhile True: pass", "z = 2"),
    "exits while loading": ("import os\nos._exit(3)", "z = 2"),
    "prints its input": ("def mean(x):\n    raise ValueError(f'{len(x)}: {list(x)}')",),
    "breaks one name": ("def mean(x:\n    pass",),
    "needs a later cell": (
        "def mean(x):\n    if not len(x):\n        raise ValueError\n"
        "    return helper(x)",
        "helper = np.mean",
    ),
    "leaves a daemon": (
        "import os, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    while True: time.sleep(1)\n",
    ),
    "leaves a file": ("open('/tmp/left', 'w').write('answer')",),
    "looks for files": (
        "import os\n"
        "def mean(x):\n"
        "    raise ValueError(str(sorted(os.listdir('/tmp') + os.listdir('/'))))",
    ),
    "reference again": (),
}


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("reference", Verdict.PASSED),
        ("off by one", Verdict.WRONG),
        ("exits", Verdict.CRASH),
        ("leaves", Verdict.CRASH),
        ("spins", Verdict.TIMEOUT),
        ("sleeps", Verdict.TIMEOUT),
        ("eats memory", Verdict.MEMORY),
        ("dies", Verdict.CRASH),
        ("prints", Verdict.OUTPUT),
        ("kills all", Verdict.SECURITY),
        ("kills its parent", Verdict.SECURITY),
        ("hangs while loading", Verdict.PASSED),
        ("exits while loading", Verdict.PASSED),
        ("needs a later cell", Verdict.PASSED),
        ("leaves a daemon", Verdict.PASSED),
        ("leaves a file", Verdict.PASSED),
        ("looks for files", Verdict.CRASH),
        ("stub", Verdict.NOT_ATTEMPTED),
        ("empty", Verdict.NOT_ATTEMPTED),
        ("reference again", Verdict.PASSED),
    ],
)
def test_verdicts(judged, name, verdict):
    assert judged[name].verdict is verdict


def test_what_goes_wrong_in_one_task_costs_that_task_alone(judged):
    for name in ("exits", "spins", "dies", "kills all", "eats memory", "prints"):
        assert judged[name].task("Box").points == 5, name
        assert judged[name].task("mean").points < 10, name


def test_a_stub_earns_nothing(judged):
    assert judged["stub"].points == 0
    assert judged["empty"].points == 0
    assert "nothing defines mean" in str(judged["empty"].task("mean").message)


def test_a_stub_costs_no_more_forks_than_an_answer(lesson, reference, monkeypatch):
    forks, fork = [], Loaded._forked
    monkeypatch.setattr(
        Loaded, "_forked", lambda *a, **k: forks.append(a) or fork(*a, **k)
    )

    def count(source):
        forks.clear()
        grade(lesson, handed("one", source), diagnose=False)
        return len(forks)

    stub = lesson.exercise_path.read_text()
    assert 0 < count(stub) <= count(reference)
    crash = reference.replace("def mean(x):", "def mean(x):\n    1 / 0")
    assert count(crash) > count(reference)


def test_a_cell_that_does_not_load_is_named(judged):
    assert judged["breaks one name"].points == 15  # the reference's own mean remains


def test_an_exception_tells_no_hidden_input(judged):
    text = str(judged["prints its input"].task("mean").message)
    assert text == "mean raised ValueError\n  at cell 2, line 2, in mean"


def test_ends_of_processes_are_told(judged):
    assert "code 0" in str(judged["exits"].task("mean").message)
    assert "signal 11" in str(judged["dies"].task("mean").message)


def test_a_later_submission_sees_nothing_of_an_earlier_one(judged):
    text = str(judged["looks for files"].task("mean").message)
    assert "left" not in text
    assert "solutions" not in text
    assert "course" not in text


def test_names_the_mistake_and_never_one_that_is_not_made(judged):
    assert judged["off by one"].task("mean").diagnosis == "off-by-one"
    assert "divided by n - 1" in judged["off by one"].task("mean").diagnosis_text
    others = [r for name, r in judged.items() if name != "off by one"]
    assert all(task.diagnosis is None for report in others for task in report.tasks)


def test_nothing_is_left_running(judged):
    def running():
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline") as file:
                    command = file.read()
                with open(f"/proc/{pid}/status") as file:
                    parent = file.read().split("PPid:")[1].split()[0]
            except OSError:
                continue
            if "autograder/sandbox/guest.py" in command and parent == str(os.getpid()):
                found.append(pid)
        return found

    deadline = time.monotonic() + 5
    while running() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert running() == []


def test_the_same_inputs_give_the_same_report(lesson, reference):
    wrong = handed("w", reference, *SUBMISSIONS["off by one"])
    one, two = (grade(lesson, wrong, seed=3).to_json(timings=False) for _ in range(2))
    assert one == two
    assert grade(lesson, wrong, seed=4).to_json(timings=False) != one


def test_an_unreadable_submission_is_told_so(lesson):
    report = grade(lesson, handed("x").__class__("x", (), problem="empty file"))
    assert report.points == 0
    assert "empty file" in str(report.task("mean").message)


def test_the_network_is_not_there(lesson, reference):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        attempt = (
            "import socket\n"
            "def mean(x):\n"
            f"    socket.create_connection(('127.0.0.1', {port}), timeout=1)\n"
        )
        report = grade(lesson, handed("calls home", reference, attempt))
        assert report.task("mean").verdict is Verdict.CRASH
        server.settimeout(0.01)
        with pytest.raises(TimeoutError):
            server.accept()


def test_what_is_ours_takes_turns_in_a_container_with_the_same_reports(
    lesson, reference, judged, monkeypatch
):
    made = []
    plain = Jail.container
    monkeypatch.setattr(Jail, "container", lambda jail: made.append(1) or plain(jail))
    names = ["reference", "off by one", "prints its input", "spins", "breaks one name"]
    names += ["kills all", "reference", "hangs while loading", "off by one"]
    reports = []
    Grader(lesson, seed=7, ours=True).run(
        ((name, handed(name, reference, *SUBMISSIONS[name])) for name in names),
        lambda _, report: reports.append(report.as_dict(timings=False)),
    )
    assert reports == [judged[name].as_dict(timings=False) for name in names]
    assert len(made) < len(names)


def test_landlock_keeps_files_and_answers_alike(lesson, reference, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("the answer")
    peek = f"def mean(x):\n    return open({str(secret)!r}).read()"
    reports = {}
    try:
        Grader(lesson, 0, level="landlock").run(
            [(s.name, s) for s in (handed("good", reference), handed("peek", peek))],
            reports.__setitem__,
        )
    except InfrastructureError as error:
        pytest.fail(f"landlock does not start: {error}")
    assert reports["good"].points == 15
    assert reports["good"].isolation == "landlock"
    assert "PermissionError" in str(reports["peek"].task("mean").message)


def test_hidden_tests_that_do_not_load_are_our_failure(tmp_path):
    lesson = write_course(tmp_path)
    lesson.hidden_tests()[1].write_text("import nothing_of_that_name\n")
    with pytest.raises(InfrastructureError, match="cannot be read"):
        grade(lesson, handed("x"))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1.0, 1.0 + 1e-9, True),
        (1.0, 1.0 + 1e-7, False),
        (float("nan"), float("nan"), True),
        (float("inf"), float("inf"), True),
        (float("inf"), float("-inf"), False),
        (float("inf"), 1.0, False),
        (1.0, float("inf"), False),
        (0.0, -0.0, True),
        (0.0, 1e-300, False),
        (1, 1, True),
        (1, 1.0, False),
        (True, 1, False),
        ([1.0, {"a": 2}], [1.0 + 1e-12, {"a": 2}], True),
        ([1.0], (1.0,), False),
    ],
)
def test_answers_are_alike_within_rounding(one, other, same):
    assert alike(one, other) is same
