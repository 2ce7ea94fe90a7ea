"""The page on clusters: its TLS commands are run, and its cluster is one."""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

from autograder.sandbox import landlock
from autograder.student.lesson import find_course

LESSON = find_course(Path(__file__)).lesson("00-start")
PAGE = (LESSON.root / "course" / "cluster.md").read_text(encoding="utf-8")
ADDRESS = "scheduler.example.org:8786"
_PATIENCE_S = 120


def block(title: str) -> str:
    """Return the text of the page's one block with this title."""
    (found,) = re.findall(rf'^```\w+ title="{title}"\n(.*?)^```$', PAGE, re.M | re.S)
    text: str = found
    return text


class Shell:
    """Runs blocks of the page in one folder, the scheduler at a port of its own."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        python = shlex.quote(sys.executable)
        self._commands = [
            f'{name}() {{ {python} -m {name} "$@"; }}'
            for name in ("dask", "autograder")
        ]
        path = os.pathsep.join(filter(None, sys.path))
        self._env = os.environ | {"PYTHONPATH": path, "PYTHONWARNINGS": "ignore"}
        self._env |= environment

    def start(self, *titles: str, then: str = "") -> subprocess.Popen[str]:
        """Start the blocks one after the other, and a line after them."""
        text = "\n".join(["set -eu", *self._commands, *map(block, titles), then])
        text = text.replace(ADDRESS, self.address)
        text = text.replace("--port 8786", f"--port {self.address.split(':')[1]}")
        return subprocess.Popen(
            ["bash", "-c", text],
            cwd=self.folder,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *titles: str, then: str = "") -> tuple[int, str, str]:
        """Run them to their end; return the exit code and what they printed."""
        with self.start(*titles, then=then) as process:
            out, err = process.communicate(timeout=_PATIENCE_S)
        return process.returncode, out, err


def _make(folder: Path) -> Shell:
    """Return a shell in a folder with certificates of its own and two hand-ins."""
    folder.mkdir()
    shell = Shell(folder)
    code, _, err = shell.run("certificates.sh")
    assert code == 0, err
    (folder / "alice.py").write_bytes(LESSON.reference_path.read_bytes())
    (folder / "bob.py").write_bytes(LESSON.exercise_path.read_bytes())
    return shell


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A shell beside which a scheduler and a worker run, all as the page says."""
    shell = _make(tmp_path_factory.mktemp("cluster") / "ours")
    with ExitStack() as stack:
        for title, word in (
            ("scheduler.sh", "Scheduler at"),
            ("worker.sh", "Registered"),
        ):
            process = stack.enter_context(shell.start("environment.sh", title))
            stack.callback(_end, process)
            assert process.stderr is not None
            for line in process.stderr:
                if word in line:
                    break
            else:
                pytest.fail(f"{title} ended")
        yield shell


def _end(process: subprocess.Popen[str]) -> None:
    os.killpg(process.pid, 9)
    process.communicate()


@pytest.mark.openssl
@pytest.mark.jail
def test_the_page_s_commands_grade_over_tls(shell: Shell) -> None:
    code, out, err = shell.run("environment.sh", "grade.sh")
    assert code == 1, err  # bob's is the stub
    assert re.search(r"alice .* 10 / 10 +Passed", out)
    assert "warning" not in err


def _told(shell: Shell, then: str, *titles: str) -> str:
    """Return the one line that a refused coordinator prints after its summary."""
    code, out, err = shell.run(*titles, then=f"{then}\n{block('grade.sh')}")
    assert (code, out) == (3, "")
    summary, line = err.splitlines()
    assert "0 of 2 graded" in summary
    return line


@pytest.mark.openssl
def test_who_has_no_certificate_is_refused(shell: Shell) -> None:
    assert "needs distributed.comm.tls.ca-file in Dask's" in _told(shell, "")


@pytest.mark.openssl
@pytest.mark.parametrize(
    "foreign", ["", "$PWD/tls/ca.pem"], ids=["its own authority", "ours, and no key"]
)
def test_who_has_another_authority_s_certificate_is_refused(
    shell: Shell, tmp_path: Path, foreign: str
) -> None:
    other = _make(tmp_path / "other")
    other.address = shell.address
    then = ""
    if foreign:  # it knows our authority, but has no certificate of it
        ca = shlex.quote(str(shell.folder / "tls" / "ca.pem"))
        then = f"export DASK_DISTRIBUTED__COMM__TLS__CA_FILE={ca}"
    line = _told(other, then, "environment.sh")
    assert "refuse each other's certificates" in line


@pytest.mark.openssl
def test_plain_tcp_does_not_reach_a_scheduler_with_tls(shell: Shell) -> None:
    text = f"autograder grade alice.py --lesson 00-start --scheduler {shell.address}"
    code, _, err = shell.run(then=text)
    assert code == 3
    assert "is it tls://?" in err.splitlines()[-1]


def test_the_page_shows_what_doctor_says_where_namespaces_are_forbidden(
    shell_without_namespaces: Shell,
) -> None:
    code, out, err = shell_without_namespaces.run(then="autograder doctor")
    assert code == 0, err
    told = [" ".join(line.split()) for line in out.splitlines()]
    for line in block("doctor").splitlines():
        assert " ".join(line.split()) in told


@pytest.fixture
def shell_without_namespaces(tmp_path: Path) -> Shell:
    """A shell whose bubblewrap may not do what it is for."""
    if landlock.abi() < 1:
        pytest.skip("this kernel has no Landlock")
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    return Shell(tmp_path, PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}")


def test_the_cluster_of_the_page_is_a_dask_cluster() -> None:
    found = yaml.safe_load(block("daskcluster.yaml"))
    assert (found["apiVersion"], found["kind"]) == (
        "kubernetes.dask.org/v1",
        "DaskCluster",
    )
    spec = found["spec"]
    for role in ("scheduler", "worker"):
        (container,) = spec[role]["spec"]["containers"]
        names = {entry["name"]: entry["value"] for entry in container["env"]}
        assert names["DASK_SCHEDULER_ADDRESS"].startswith("tls://")
        assert names["DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION"] == "true"
        assert container["args"][:2] == ["dask", role]
        assert all(isinstance(word, str) for word in container["args"])
    threads = container["args"][container["args"].index("--nthreads") + 1]
    assert container["resources"]["limits"]["cpu"] == threads


def test_the_settings_and_scripts_of_the_page_can_be_read() -> None:
    assert yaml.safe_load(block("tls.yaml"))["distributed"]["comm"]["tls"]["ca-file"]
    compile(block("slurm.py"), "slurm.py", "exec")
    done = subprocess.run(["bash", "-n"], input=block("cluster.sbatch"), text=True)
    assert done.returncode == 0
