"""What runs inside the jail: a warm server, and what it forks.

The *server* imports the libraries once and never runs a line of a submission. For each
submission it forks a *container* (``namespaces``), which is thrown away with it. Its
first process forks a *loader*, which runs the submission's cells; for each hidden test
the loader forks a *test process*, which answers requests (``interpreter``) and ends.
Recorded kernels run in a *clean* process, which holds no code of the submission and
lies in a container of its own.

Nothing here decides anything: whatever these processes say is untrusted, and the host
measures time by itself.

Frames between host and processes: 4 bytes of length, 1 byte of tag, the payload.
Tags: ``H`` a process is there, ``Q`` request, ``B`` the first request of another test,
``R`` reply, ``C`` callback, ``A`` its answer, ``D`` a cell is done, ``E`` how a test
process ended.
"""

from __future__ import annotations

import gc
import io
import json
import marshal
import os
import random
import resource
import signal
import socket
import struct
import sys
import threading
from typing import Any

#: CPU seconds until the kernel ends it, memory in MB, seed, whether it is a rank's.
#: Sent without a descriptor it asks how the fork whose number stands in the place of
#: the seed has ended; or, with the last set, for nothing but an answer.
FORK = struct.Struct("<ddQ?")
HEAD = struct.Struct("<Ic")
#: What the server says first: the machine's pace.
READY = struct.Struct("<d")
#: Process, user and group, as the kernel tells them about a sender.
CREDENTIALS = struct.Struct("3i")
#: What a container says first: whether system calls are filtered.
ENTERED = struct.Struct("<?")
CONFIG_BYTES = 2**17
_CHUNK, _MOST = 2**14, 2**20


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
    """Fork a container for every submission, until the host hangs up."""
    from autograder.sandbox import namespaces, seccomp

    owner = os.getuid(), os.getgid()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps for us
    if config["filtered"]:
        seccomp.prepare()
    control.send(READY.pack(config["pace"]))
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 4096, 1)
        if not message:
            os._exit(0)
        channel = socket.socket(fileno=descriptors[0])
        try:
            pid = namespaces.fork() if config["nested"] else os.fork()
        except OSError as error:
            channel.send(str(error).encode())
            pid = -1
        if pid == 0:
            control.close()
            try:
                _contain(channel, owner, config)
            finally:
                os._exit(70)
        channel.close()


def _contain(
    channel: socket.socket, owner: tuple[int, int], config: dict[str, Any]
) -> None:
    """Shut this process in, then fork loaders and clean processes from it."""
    from autograder.sandbox import namespaces, seccomp

    signal.signal(signal.SIGINT, signal.SIG_DFL)  # the first process has no handlers
    os.dup2(1, 2)  # where the server's own errors go, all containers could meet
    if config["nested"]:
        try:
            namespaces.furnish(*owner, config["scratch_mb"])
        except OSError as error:
            channel.send(str(error).encode())
            return
    filtered = config["filtered"] and seccomp.refuse_what_nobody_needs()
    channel.send(ENTERED.pack(filtered))
    while True:
        message, descriptors, _, _ = socket.recv_fds(channel, 4096, 1)
        if not message:
            os._exit(0)
        peer = socket.socket(fileno=descriptors[0])
        if os.fork() == 0:
            channel.close()
            _become(peer, json.loads(message))
        peer.close()


def _become(channel: socket.socket, request: dict[str, Any]) -> None:
    """Turn a fresh fork into a loader or a clean process; never returns."""
    os.register_at_fork(after_in_child=channel.close)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _silence()
    _limit(request["cpu_s"], request["memory_mb"])
    send(channel, b"H", b"")
    try:
        if request["quiet"]:
            from autograder.sandbox import seccomp

            seccomp.allow_what_nobody_notices()
        if request["op"] == "load":
            _load(channel)
        else:
            from autograder.student.cells import new_module

            _answer_requests(channel, new_module())
    finally:
        os._exit(70)


def _load(channel: socket.socket) -> None:
    """Run a submission's cells, then fork test processes and say how they ended."""
    from autograder.student import codec
    from autograder.student.cells import load_cell, new_module

    cells = codec.loads(receive(channel)[1])
    module = new_module()
    for label, source, code in cells:
        ready = marshal.loads(code) if code else None
        answer = load_cell(module, label, source, code=ready)
        send(channel, b"D", codec.dumps(answer))
    send(channel, b"H", b"")
    pids: list[int] = []
    while True:
        message, descriptors, _, _ = socket.recv_fds(channel, FORK.size, 1)
        if len(message) != FORK.size:
            os._exit(0)
        cpu_s, memory_mb, seed, sealed = FORK.unpack(message)
        if not descriptors:  # how did that one end? or: are you there?
            status = 0 if sealed else _status(pids, seed)
            send(channel, b"E", str(status).encode())
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
                _seal(test.fileno())
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
    with_torch = sys.modules.get("autograder.sandbox.with_torch")
    settings = with_torch.settings() if with_torch else None
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
            if with_torch:
                with_torch.restore(settings)
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


def _seal(channel: int) -> None:
    """Hold nothing open but the channel, open, write to and start nothing from now on.

    So ranks cannot speak to each other but through the judge, and each has one voice.
    The host looks whether it holds.
    """
    os.closerange(3, channel)
    os.closerange(channel + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    for limit in (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC):
        resource.setrlimit(limit, (0, 0))


def _silence() -> None:
    """Give the submission streams that count and forget what it prints."""
    from autograder.student.cells import CappedOutput

    sys.stdout, sys.stderr = CappedOutput(), CappedOutput()
    sys.stdin = io.StringIO()


def _reseed(seed: int) -> None:
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed % 2**32)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


def _harden(config: dict[str, Any]) -> None:
    for name, most in config["rlimits"].items():
        kind = getattr(resource, f"RLIMIT_{name}")
        resource.setrlimit(kind, (most, most))
    if config["landlock"]:
        from autograder.sandbox import landlock

        landlock.restrict(config["readable"], [config["scratch"]])
    if config["user"] is not None:
        os.setgroups([])
        os.setgid(config["user"])
        os.setuid(config["user"])
    from autograder.sandbox import namespaces

    namespaces.set_dumpable(False)


def _warm(names: list[str]) -> None:
    """Import once what every submission needs."""
    for name in names:
        __import__(name)
    if "torch" in names:
        from autograder.sandbox import with_torch

        with_torch.warm_up()
    if "numpy" in names:
        import numpy.random

        numpy.seterr(all="ignore")
        from autograder.student.lab.ranks.link import Link  # noqa: F401
        from autograder.student.lab.tiles import device, tl, triton  # noqa: F401
    for name in (
        *("autograder.student.interpreter", "dataclasses", "fractions"),
        *("autograder.sandbox.namespaces", "autograder.sandbox.seccomp"),
    ):
        __import__(name)
    if "numpy" in names:
        from autograder.sandbox.rehearsal import rehearse

        rehearse()
    gc.collect()
    gc.freeze()


def main() -> None:
    """Start the server: its argument is its connection, which tells the rest.

    Every process inside can read the arguments.
    """
    control = socket.socket(fileno=int(sys.argv[1]))
    config = json.loads(control.recv(CONFIG_BYTES))
    sys.path[:0] = config["path"]
    os.chdir(config["scratch"])
    _warm(config["warm"])
    if not config["pace"]:
        from autograder.sandbox import pace

        config["pace"] = pace.measure()
    _harden(config)
    serve(control, config)


if __name__ == "__main__":
    main()
