"""The only process inside the jail: a warm server that forks submissions and tests.

``server`` imports the libraries once and never runs a line of a submission. For each
submission it forks a *loader*, which runs the submission's cells; for each hidden test
the loader forks a *test process*, which answers requests (``interpreter``) and ends.
A *clean* process, forked from the server, runs recorded kernels and holds no code of
the submission.

The server keeps itself undumpable, so that submissions, which share its user, cannot
read its memory or its descriptors. Nothing here decides anything: whatever these
processes say is untrusted, and the host measures time by itself.

Frames between host and processes: 4 bytes of length, 1 byte of tag, the payload.
Tags: ``H`` a process is there, ``Q`` request, ``B`` the first request of another test,
``R`` reply, ``C`` callback, ``A`` its answer, ``D`` a cell is done, ``E`` how a test
process ended.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import io
import json
import os
import random
import resource
import shutil
import signal
import socket
import struct
import sys
import threading
import time
from typing import Any

#: CPU seconds until the kernel ends it, memory in MB, seed, whether it is a rank's.
#: Sent without a descriptor it asks how the fork whose number stands in the place of
#: the seed has ended.
FORK = struct.Struct("<ddQ?")
HEAD = struct.Struct("<Ic")
#: What the server says first: the machine's pace.
READY = struct.Struct("<d")
#: Process, user and group, as the kernel tells them about a sender.
CREDENTIALS = struct.Struct("3i")
_SWEEP_S = 60.0
_CHUNK, _MOST = 2**14, 2**20
_PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER = 4, 36


def send(channel: socket.socket, tag: bytes, data: bytes) -> None:
    """Send one frame."""
    channel.sendall(HEAD.pack(len(data), tag) + data)


def receive(channel: socket.socket) -> tuple[bytes, bytes]:
    """Receive one frame; leaves the process when the host has gone.

    The host never sends a second frame before the first is answered, so that one read
    takes a small frame whole and never more than one.
    """
    data = channel.recv(_CHUNK)
    while len(data) < HEAD.size:
        data += _more(channel, HEAD.size - len(data))
    length, tag = HEAD.unpack_from(data)
    got = len(data) - HEAD.size
    if got >= length:
        return tag, data[HEAD.size :]
    # In one piece: how much memory many small ones take depends on how they come in.
    whole = bytearray(length)
    whole[:got] = data[HEAD.size :]
    with memoryview(whole) as view:
        while got < length:
            size = channel.recv_into(view[got:], min(length - got, _MOST))
            if not size:
                os._exit(0)
            got += size
    return tag, bytes(whole)


def _more(channel: socket.socket, size: int) -> bytes:
    data = channel.recv(min(size, _MOST))
    if not data:
        os._exit(0)
    return data


def serve(control: socket.socket, config: dict[str, Any]) -> None:
    """Fork what the host asks for, until it hangs up."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps for us
    control.send(READY.pack(config["pace"]))
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 4096, 1)
        if not message:
            os._exit(0)
        request = json.loads(message)
        if request["op"] in ("sweep", "ping"):
            if request["op"] == "sweep":
                _sweep(config)
            control.send(request["op"].encode())
            continue
        channel = socket.socket(fileno=descriptors[0])
        if os.fork() == 0:
            control.close()
            _become(channel, request)
        channel.close()


def _become(channel: socket.socket, request: dict[str, Any]) -> None:
    """Turn a fresh fork into a loader or a clean process; never returns."""
    os.register_at_fork(after_in_child=channel.close)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _silence()
    _limit(request["cpu_s"], request["memory_mb"])
    send(channel, b"H", b"")
    try:
        if request["quiet"]:
            from autograder.sandbox import seccomp

            seccomp.restrict()
        if request["op"] == "load":
            _load(channel)
        else:
            from autograder.student import interpreter

            _answer_requests(channel, interpreter.new_module())
    finally:
        os._exit(70)


def _load(channel: socket.socket) -> None:
    """Run a submission's cells, then fork test processes and say how they ended."""
    from autograder.student import codec, interpreter

    cells = codec.loads(receive(channel)[1])
    module = interpreter.new_module()
    for label, source in cells:
        answer = interpreter.load_cell(module, label, source)
        send(channel, b"D", codec.dumps(answer))
    send(channel, b"H", b"")
    pids: list[int] = []
    while True:
        message, descriptors, _, _ = socket.recv_fds(channel, FORK.size, 1)
        if len(message) != FORK.size:
            os._exit(0)
        cpu_s, memory_mb, seed, sealed = FORK.unpack(message)
        if not descriptors:  # how did that one end?
            send(channel, b"E", str(_status(pids, seed)).encode())
            continue
        _reap(pids)
        pid = os.fork()
        if pid == 0:
            test = socket.socket(fileno=descriptors[0])
            os.register_at_fork(after_in_child=test.close)
            _silence()
            _limit(cpu_s, memory_mb)
            _reseed(seed)
            if sealed:
                _seal()
            send(test, b"H", b"")
            try:
                _answer_requests(test, module)
            finally:
                os._exit(70)
        os.close(descriptors[0])
        pids.append(pid)


def _status(pids: list[int], number: int) -> int:
    """Wait for the fork of that number; return its exit code, or minus a signal."""
    if pids[number] > 0:
        _, status = os.waitpid(pids[number], 0)
        pids[number] = -status
    return os.waitstatus_to_exitcode(-pids[number])


def _reap(pids: list[int]) -> None:
    """Leave no dead process behind: they count as processes of the jail."""
    for number, pid in enumerate(pids):
        if pid > 0:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                pids[number] = -status


def _answer_requests(channel: socket.socket, module: Any) -> None:
    from autograder.student.interpreter import Interpreter

    interpreter = Interpreter(module)
    turn = threading.RLock()  # threads that call back take turns: one channel for all

    def call_back(message: bytes) -> bytes:
        with turn:
            send(channel, b"C", message)
            while True:  # while the judge works on it, it may ask in turn
                tag, data = receive(channel)
                if tag == b"A":
                    return data
                answer(data)

    def answer(request: bytes) -> None:
        send(channel, b"R", interpreter.answer(request, call_back))

    while True:
        tag, data = receive(channel)
        if tag == b"B":  # the last test passed and left nothing behind
            interpreter = Interpreter(module)
            sys.modules["numpy"].seterr(all="ignore")
            _silence()
            _reseed(FORK.unpack_from(data)[2])
            data = data[FORK.size :]
        answer(data)


def _limit(cpu_s: float, memory_mb: float) -> None:
    """Bind this process to its memory; of its time the host keeps count.

    The kernel ends it only long after the host should have: at another moment on each
    machine.
    """
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    most = used + int(memory_mb * 2**20)
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    if hard != resource.RLIM_INFINITY:  # a loader's limit binds its tests
        most = min(most, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    # The hard limit stays: a loader's would cut short the tests that it forks.
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(cpu_s) + 1, hard))


def _seal() -> None:
    """Open, write to and start nothing from now on; the host looks whether it holds.

    So ranks cannot speak to each other but through the judge, and each has one voice.
    """
    for limit in (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC):
        resource.setrlimit(limit, (0, 0))


def _silence() -> None:
    """Give the submission streams that count and forget what it prints."""
    from autograder.student.interpreter import CappedOutput

    sys.stdout, sys.stderr = CappedOutput(), CappedOutput()
    sys.stdin = io.StringIO()


def _reseed(seed: int) -> None:
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed % 2**32)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


def _sweep(config: dict[str, Any]) -> None:
    """Kill every process but this server and empty the writable folders.

    A process that does not end ends the server, and the host starts a new jail.
    """
    deadline = time.monotonic() + _SWEEP_S
    while True:
        if config["own_pids"]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)
            others = [p for p in _pids() if p not in (1, os.getpid())]
        else:
            others = _descendants()
            for pid in others:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
        if not others:
            break
        if time.monotonic() > deadline:
            os._exit(71)
        time.sleep(0.0005)
    if config["own_pids"]:  # else the namespace is the host's, and so are its objects
        from autograder.sandbox import kernel_objects

        kernel_objects.forget()
    for folder in config["writable"]:
        for entry in os.scandir(folder):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):
                    os.unlink(entry.path)


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _descendants() -> list[int]:
    """Every process below this one; orphans come back to it as a subreaper."""
    parents = {}
    for pid in _pids():
        with contextlib.suppress(OSError), open(f"/proc/{pid}/stat") as file:
            parents[pid] = int(file.read().rsplit(")", 1)[1].split()[1])
    found, layer = [], [os.getpid()]
    while layer:
        layer = [pid for pid, parent in parents.items() if parent in layer]
        found += layer
    return found


def _harden(config: dict[str, Any]) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for name, most in config["rlimits"].items():
        kind = getattr(resource, f"RLIMIT_{name}")
        resource.setrlimit(kind, (most, most))
    if config["landlock"]:
        from autograder.sandbox import landlock

        landlock.restrict(config["readable"], config["writable"])
    if config["user"] is not None:
        os.setgroups([])
        os.setgid(config["user"])
        os.setuid(config["user"])
    if libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the server cannot make itself undumpable")


def _warm(names: list[str]) -> None:
    """Import once what every submission needs."""
    for name in names:
        __import__(name)
    if "torch" in names:
        sys.modules["torch"].set_num_threads(1)  # before any op, or forks hang
    if "numpy" in names:
        import numpy.random

        numpy.seterr(all="ignore")
        from autograder.student.lab.ranks.link import Link  # noqa: F401
        from autograder.student.lab.tiles import device, tl, triton  # noqa: F401
    for name in ("autograder.student.interpreter", "dataclasses", "fractions"):
        __import__(name)
    if "numpy" in names:
        from autograder.sandbox.rehearsal import rehearse

        rehearse()
    gc.collect()
    gc.freeze()


def main() -> None:
    """Start the server; its configuration is the only argument."""
    config = json.loads(sys.argv[1])
    sys.path[:0] = config["path"]
    control = socket.socket(fileno=config["control"])
    os.chdir(config["writable"][0])
    _warm(config["warm"])
    if not config["pace"]:
        from autograder.sandbox import pace

        config["pace"] = pace.measure()
    _harden(config)
    serve(control, config)


if __name__ == "__main__":
    main()
