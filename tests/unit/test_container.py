"""A container is like a new jail, whatever ran in the last; each layer holds."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from autograder.sandbox import jail as jail_module
from autograder.sandbox.activity import family
from autograder.sandbox.jail import Jail
from autograder.sandbox.jail_command import Limits
from autograder.sandbox.loaded import Loaded
from autograder.student.lesson import Task
from autograder.student.notebook.submission import Submission
from autograder.student.proxy import StudentMemory

pytestmark = pytest.mark.jail
TASK = Task("look", 1, 20, 256, "none")

#: Everything that a submission can see of where it is.
LOOK = r"""
import ctypes, os, resource, signal, socket

libc = ctypes.CDLL(None, use_errno=True)


def tree(folder):
    found = {}
    for place, folders, files in os.walk(folder):
        for path in [place, *(os.path.join(place, n) for n in [*folders, *files])]:
            s = os.lstat(path)
            try:
                names = os.listxattr(path)
            except OSError as error:
                names = [error.strerror]
            whole = s.st_mtime_ns % 10**9 == 0 or s.st_atime_ns % 10**9 == 0
            found[path] = [s.st_mode, s.st_nlink, s.st_uid, s.st_size, whole, names]
    return found


def space(folder):
    s = os.statvfs(folder)
    return [s.f_blocks, s.f_bfree, s.f_files, s.f_ffree, s.f_flag]


def text(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError as error:
        return str(error.strerror)


def status(pid):
    changing = ("Vm", "Rss", "voluntary", "nonvoluntary", "SigQ", "State", "HugetlbP")
    lines = text(f"/proc/{pid}/status").splitlines()
    return [line for line in lines if not line.startswith(changing)]


def key(number, *words):
    return libc.syscall(number, *words), ctypes.get_errno()


def look():
    pids = [int(n) for n in os.listdir("/proc") if n.isdigit()]
    kinds = [k for k in dir(resource) if k.startswith("RLIMIT_")]
    return {
        "files": [tree("/tmp"), tree("/dev/shm")],
        "space": [space("/tmp"), space("/dev/shm")],
        "processes": pids,
        "status": [status(pid) for pid in pids],
        "commands": [text(f"/proc/{pid}/cmdline") for pid in pids],
        "limits": [text(f"/proc/{pid}/limits") for pid in pids if pid != os.getpid()],
        "own limits": [
            resource.getrlimit(getattr(resource, k)) for k in kinds if k != "RLIMIT_AS"
        ],
        "priority": [os.getpriority(os.PRIO_PROCESS, pid) for pid in pids],
        "scheduling": [
            [os.sched_getscheduler(pid), sorted(os.sched_getaffinity(pid))]
            for pid in pids
        ],
        "groups": [[os.getpgid(pid), os.getsid(pid)] for pid in pids],
        "out of memory": [text(f"/proc/{pid}/oom_score_adj") for pid in pids],
        "mounts": [w.split()[1:4] for w in text("/proc/self/mounts").splitlines()],
        "open": [[n, os.readlink(f"/proc/self/fd/{n}")[:9]] for n in range(3)],
        "sockets": [text(f"/proc/self/net/{n}") for n in ("unix", "tcp", "udp")],
        "traffic": [text(f"/proc/self/net/{n}") for n in ("dev", "snmp")],
        "host": list(os.uname()),
        "environment": dict(os.environ),
        "folder": [os.getcwd(), os.umask(0o22)],
        "signals": [str(signal.getsignal(n)) for n in range(1, 65)],
        "timers": [signal.getitimer(k) for k in range(3)],
        "keys": [key(250, 6, -3, 0, 0), key(250, 11, -3, 0, 0)],
        "queues": [key(29, 77, 100, 0), key(68, 77, 0), key(64, 77, 1, 0)],
        "namespaces": [os.access(f"/proc/self/ns/{n}", 0) for n in ("pid", "net")],
    }
"""

#: Everything that it may try to leave behind, each step on its own.
LEAVE = (
    LOOK
    + r"""

def leave():
    done = []

    def attempt(name, function, *arguments):
        try:
            if function(*arguments) != -1:
                done.append(name)
        except (OSError, ValueError):
            pass

    def write(path, size=10):
        with open(path, "wb") as file:
            file.write(bytes(size))

    for folder in ("/tmp", "/dev/shm"):
        hidden = f"{folder}/hidden"
        attempt(f"file in {folder}", write, f"{folder}/file", 10**6)
        attempt(f"folder in {folder}", os.makedirs, f"{hidden}/deep/deeper")
        attempt(f"file in a folder of {folder}", write, f"{hidden}/deep/file")
        attempt("no mode", os.chmod, hidden, 0)
        attempt(f"times of {folder}", os.utime, folder, (1, 2))
        attempt(f"mode of {folder}", os.chmod, folder, 0o1700)
        attempt(f"attribute of {folder}", os.setxattr, folder, "user.x", b"1")
    attempt("limit of the first", resource.prlimit, 1, resource.RLIMIT_NPROC, (3, 3))
    attempt("own limit", resource.setrlimit, resource.RLIMIT_NOFILE, (20, 20))
    attempt("priority", os.setpriority, os.PRIO_PROCESS, 1, 19)
    attempt("own priority", os.nice, 5)
    attempt("affinity", os.sched_setaffinity, 1, {0})
    attempt("own affinity", os.sched_setaffinity, 0, {0})
    attempt("idle", os.sched_setscheduler, 1, os.SCHED_IDLE, os.sched_param(0))
    attempt("key", libc.syscall, 248, b"user", b"note", b"x", 1, -4)
    attempt("queue", libc.syscall, 68, 77, 0o1666)
    attempt("shared memory", libc.syscall, 29, 77, 4096, 0o1666)
    attempt("semaphore", libc.syscall, 64, 77, 1, 0o1666)
    attempt("host name", libc.sethostname, b"marked", 6)
    attempt("folder", os.chdir, "/")
    attempt("umask", os.umask, 0o77)
    attempt("timer", signal.setitimer, signal.ITIMER_REAL, 1000)
    for name in ("\0one", "/tmp/two"):
        place = socket.socket(socket.AF_UNIX)
        attempt(f"socket {name!r}", place.bind, name)
        attempt("listening", place.listen)
    attempt("internet", socket.socket, socket.AF_INET, socket.SOCK_STREAM)
    for _ in range(2):
        if os.fork() == 0:
            os.setsid()
            signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
            while True:
                signal.pause()
    return done
"""
)


def opened(jail: Jail, source: str) -> tuple[Loaded, Any]:
    cells = Submission.from_sources("look.py", [("look.py", source)]).cells
    loaded = Loaded(jail, cells)
    return loaded, loaded.open(TASK, 1)


def answer(jail: Jail, source: str, name: str) -> Any:
    loaded, process = opened(jail, source)
    try:
        return process.session.ask("call", name, [], {}, label=name)
    finally:
        process.close(passed=False, goes_on=False)
        loaded.close()


def test_the_next_submission_finds_what_the_first_one_found():
    with Jail() as jail:
        first = answer(jail, LOOK, "look")
        left = answer(jail, LEAVE, "leave")
        assert {"file in /tmp", "own priority", "mode of /tmp"} <= set(left), left
        assert answer(jail, LOOK, "look") == first


def test_what_one_leaves_would_be_seen():
    """The comparison above tells something: in one container the traces are there."""
    with Jail() as jail:
        loaded, process = opened(jail, LEAVE)
        look = process.session.ask
        first = look("call", "look", [], {}, label="look")
        look("call", "leave", [], {}, label="leave")
        second = look("call", "look", [], {}, label="look")
        process.close(passed=False, goes_on=False)
        loaded.close()
    changed = {name for name in first if first[name] != second[name]}
    assert changed >= {"files", "space", "processes", "own limits", "folder", "timers"}


def test_nothing_of_a_container_runs_on_once_it_is_closed():
    with Jail() as jail:
        ours = set(family(jail._process.pid))
        loaded, process = opened(jail, LEAVE)
        process.session.ask("call", "leave", [], {}, label="leave")
        during = set(family(jail._process.pid)) - ours
        process.close(passed=False, goes_on=False)
        loaded.close()
        # Its first process, the loader, the test's and the two that it left.
        assert len(during) == 5
        assert not any(os.path.exists(f"/proc/{pid}/exe") for pid in during)


REACH = r'''
import ctypes, os, socket

libc = ctypes.CDLL(None, use_errno=True)


def look():
    """Name what succeeds of what no submission may do."""
    done = []
    calls = {
        "read a key": (250, 11, -3, 0, 0),
        "add a key": (248, b"user", b"a", b"b", 1, -3),
        "userfaultfd": (323, 0),
        "io_uring": (425, 4, bytes(120)),
        "user namespace": (272, 0x10000000),
        "mount namespace": (272, 0x20000),
        "mount": (165, b"tmpfs", b"/tmp", b"tmpfs", 0, None),
        "trace the first": (101, 16, 1, 0, 0),
        "limits of the first": (302, 1, 6, None, ctypes.create_string_buffer(16)),
        "memory of the first": (310, 1, None, 0, None, 0, 0),
        "handle": (303, -100, b"/tmp", bytes(128), bytes(8), 0),
        "bpf": (321, 0, bytes(120), 120),
        "perf": (298, bytes(120), 0, -1, -1, 0),
        "personality": (135, 0x0040000),
        "clone3": (435, bytes(88), 88),
    }
    for name, words in calls.items():
        if libc.syscall(*words) >= 0:
            done.append(name)
            if name == "clone3" and os.getpid() > 3:
                os._exit(0)
    for family in (2, 10, 16, 17, 40):
        try:
            socket.socket(family, socket.SOCK_DGRAM).close()
            done.append(f"socket of family {family}")
        except OSError:
            pass
    for path in ("/proc/1/mem", "/proc/1/environ", "/proc/1/root/tmp", "/proc/kcore",
                 "/proc/sys/kernel/hostname", "/proc/meminfo", "/etc/passwd"):
        try:
            os.close(os.open(path, os.O_RDONLY))
            done.append(path)
        except OSError:
            pass
    try:
        open("/usr/lib/new", "w").close()
        done.append("/usr/lib/new")
    except OSError:
        pass
    return done
'''


def test_a_container_reaches_nothing_but_itself():
    with Jail() as jail:
        assert answer(jail, REACH, "look") == []


def test_namespaces_hold_without_a_filter_on_system_calls():
    with Jail(filtered=False) as jail:
        done = answer(jail, REACH, "look")
    harmless = {"userfaultfd", "personality", "handle", "add a key", "read a key"}
    harmless |= {"io_uring", "clone3"}
    sockets = {word for word in done if word.startswith("socket")}  # of an empty net
    mine = {"limits of the first"}  # it ends with the submission
    assert set(done) <= harmless | sockets | mine


def test_a_filter_holds_without_namespaces(monkeypatch):
    with Jail(level="landlock") as jail:
        done = answer(jail, REACH, "look")
    assert set(done) <= {"/proc/meminfo", "/proc/sys/kernel/hostname"}


def test_a_jail_that_cannot_nest_is_started_again_for_each():
    with Jail() as jail:
        jail._nested = False
        jail.restart()
        first = jail._server
        left = answer(jail, LEAVE, "leave")
        assert "file in /tmp" in left
        seen = answer(jail, LOOK, "look")
        assert jail._server != first
    assert [len(files) for files in seen["files"]] == [1, 1]


def test_a_clean_process_is_out_of_reach():
    source = "import os, signal\n\ndef look():\n    os.kill(-1, signal.SIGKILL)\n"
    with Jail() as jail:
        loaded, process = opened(jail, source)
        clean = loaded.clean()
        process.session.ask("call", "look", [], {}, label="look")
        assert clean.request(b"\x91\xa3any", lambda _: b"")  # it says that this is odd
        process.close(passed=False, goes_on=False)
        loaded.close()


def test_a_container_that_is_gone_is_the_submissions_loss_and_not_the_next_ones():
    with Jail() as jail:
        loaded, process = opened(jail, LOOK)
        signal.pidfd_send_signal(loaded._container._first, signal.SIGKILL)
        process.close(passed=False, goes_on=False)
        again = loaded.open(TASK, 1)
        assert again.session.ask("call", "text", ["/x"], {}, label="x")
        again.close(passed=False, goes_on=False)
        loaded.close()
        assert jail_module._START_S > 0
        assert os.path.exists(f"/proc/{jail._server}")


FORKS = r"""
import os, signal


def look():
    pids = []
    try:
        for _ in range(200):
            pid = os.fork()
            if pid == 0:
                signal.pause()
            pids.append(pid)
    except OSError:
        pass
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return len(pids)


def fill():
    return len(bytearray(400 * 2**20))
"""


def test_resource_limits_hold_without_control_groups(monkeypatch):
    monkeypatch.setattr(jail_module.Cgroup, "make", lambda *words: None)
    with Jail() as jail:
        assert jail.group is None
        assert 10 < answer(jail, FORKS, "look") < 64
        with pytest.raises(StudentMemory):
            answer(jail, FORKS, "fill")


def test_control_groups_hold_without_resource_limits(monkeypatch):
    monkeypatch.setattr(Limits, "rlimits", lambda self, processes_now=0: {})
    with Jail(limits=Limits(processes=16)) as jail:
        if jail.group is None:
            pytest.skip("control groups are not ours to make here")
        assert 10 < answer(jail, FORKS, "look") < 32


def test_all_that_a_submission_forks_has_the_share_of_one_process():
    with Jail() as jail:
        if jail.group is None:
            pytest.skip("control groups are not ours to make here")
        lines = Path(f"/proc/{jail.group.threads()[0]}/cgroup").read_text().splitlines()
        groups = {}
        for line in lines:
            _, names, path = line.split(":", 2)
            groups |= dict.fromkeys(names.split(","), path)
        scheduled = groups.get("cpu", groups.get(""))  # version 1, or 2
        assert Path(scheduled).name == jail.group.folders[0].name
