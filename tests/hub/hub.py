"""A JupyterHub of the page ``course/jupyterhub.md``, and its users' servers.

The page's blocks are its configuration. Only what needs accounts of the machine is
replaced: everyone logs in by a token, and a student's server runs where the machine
calls its user `jovyan`, as in Jupyter's container images.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from autograder.commands.students_copy import write_copy
from autograder.student.lesson import find_course

COURSE = find_course(Path(__file__))
PAGE = (COURSE.root / "course/jupyterhub.md").read_text(encoding="utf-8")
PROXY = Path(__file__).parent / "node_modules/configurable-http-proxy"
ADMIN = "the-test-itself"
_PATIENCE_S = 300
_END = re.compile(r"ended=(\d+)=")

_TEST_ONLY = """
import pwd
c.JupyterHub.authenticator_class = "dummy"
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "{base}/home/{{username}}"
c.Spawner.start_timeout = c.Spawner.http_timeout = {patience}
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub_port}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api_port}"
c.ConfigurableHTTPProxy.command = ["node", "{proxy}/bin/configurable-http-proxy"]
c.JupyterHub.db_url = "sqlite:///:memory:"
c.JupyterHub.services = [{{"name": "test", "api_token": "{admin}"}}]
c.JupyterHub.load_roles = [
    {{"name": "test", "services": ["test"], "scopes": ["admin:users", "tokens",
      "admin:servers", "access:servers"]}}
]


def choose(spawner):
    choose_environment(spawner)
    spawner.args = [*spawner.args, "--allow-root"]
    if spawner.user.name in STUDENTS:
        jail = ["bwrap", "--die-with-parent", "--dev-bind", "/", "/", "--ro-bind",
                "{base}/passwd", "/etc/passwd", "--"]
        spawner.cmd = [*jail, *spawner.cmd]


c.Spawner.pre_spawn_hook = choose
"""


def block(title: str) -> str:
    """Return the text of the page's one block with this title."""
    pattern = rf'^```\w+ title="{re.escape(title)}"\n(.*?)^```$'
    (found,) = re.findall(pattern, PAGE, re.M | re.S)
    text: str = found
    return text


@dataclass(frozen=True)
class Server:
    """A user's server, reached through the hub as that user."""

    url: str  # of the hub
    user: str
    token: str

    def request(
        self,
        path: str,
        data: object = None,
        *,
        method: str | None = None,
        owner: str | None = None,
        form: str | None = None,
    ) -> str:
        """Ask this user's server, or another's; return what it says.

        Raises:
            urllib.error.HTTPError: it refuses.
        """
        body = form if form is not None else data and json.dumps(data)
        request = urllib.request.Request(
            f"{self.url}/user/{owner or self.user}/{path}",
            data=body.encode() if isinstance(body, str) else None,
            method=method,
            headers={"Authorization": f"token {self.token}"},
        )
        with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:
            text: str = answer.read().decode()
        return text

    def api(self, path: str, data: object = None, **how: Any) -> Any:
        """Ask for JSON."""
        return json.loads(self.request(path, data, **how))

    def type(self, script: str) -> tuple[int, str]:
        """Type a script into a new terminal; return its exit code and the screen."""
        name = self.api("api/terminals", method="POST")["name"]
        return asyncio.run(self._typed(name, script))

    async def _typed(self, name: str, script: str) -> tuple[int, str]:
        address = f"{self.url.replace('http', 'ws', 1)}/user/{self.user}"
        request = HTTPRequest(
            f"{address}/terminals/websocket/{name}",
            headers={"Authorization": f"token {self.token}"},
            request_timeout=_PATIENCE_S,
        )
        terminal = await websocket_connect(request)
        lines = " && ".join(script.strip().split("\n"))
        line = f"( {lines} ); printf 'ended=%d=\\n' $?\r"
        await terminal.write_message(json.dumps(["stdin", line]))
        screen = ""
        while (end := _END.search(screen)) is None:
            message = await asyncio.wait_for(terminal.read_message(), _PATIENCE_S)
            kind, *rest = json.loads(message)
            screen += rest[0] if kind == "stdout" else ""
        terminal.close()
        while await terminal.read_message() is not None:
            pass
        return int(end[1]), screen


@dataclass(frozen=True)
class Hub:
    """A running hub."""

    url: str
    base: Path

    def server(self, user: str) -> Server:
        """Start a user's server; wait until it is there."""
        token = json.loads(self._api(f"users/{user}/tokens", "POST"))["token"]
        self._api(f"users/{user}/server", "POST")
        told = self._api(f"users/{user}/server/progress", "GET")
        assert '"ready": true' in told, told
        return Server(self.url, user, token)

    def _api(self, path: str, method: str) -> str:
        request = urllib.request.Request(
            f"{self.url}/hub/api/{path}",
            method=method,
            headers={"Authorization": f"token {ADMIN}"},
        )
        with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:
            text: str = answer.read().decode()
        return text


@contextmanager
def running(base: Path) -> Iterator[Hub]:
    """Set everything up as the page says, below a folder, and run the hub."""
    _environments(base / "opt")
    subprocess.run(["sh", "-euc", _placed(block("exchange"), base)], check=True)
    for title in (
        "/opt/course/students/etc/jupyter/nbgrader_config.py",
        "/home/prof/.jupyter/nbgrader_config.py",
    ):
        path = Path(_placed(title, base))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_placed(block(title), base), encoding="utf-8")
    ids = f"{os.getuid()}:{os.getgid()}"
    (base / "passwd").write_text(f"jovyan:x:{ids}::/home/jovyan:/bin/bash\n")
    port, hub_port, api_port = _free_ports(3)
    config = base / "jupyterhub_config.py"
    more = _TEST_ONLY.format(
        base=base,
        patience=_PATIENCE_S,
        port=port,
        hub_port=hub_port,
        api_port=api_port,
        proxy=PROXY,
        admin=ADMIN,
    )
    text = _placed(block("jupyterhub_config.py"), base) + more
    config.write_text(text, encoding="utf-8")
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JUPYTER", "PYTHON", "PYTEST"))
    }
    with subprocess.Popen(
        [sys.executable, "-m", "jupyterhub", "-f", str(config)],
        cwd=base,
        env=environment | {"CONFIGPROXY_AUTH_TOKEN": ADMIN},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield _when_ready(process, Hub(f"http://127.0.0.1:{port}", base))
        finally:
            process.terminate()  # it ends the servers and the proxy
            process.communicate(timeout=_PATIENCE_S)


def _when_ready(process: subprocess.Popen[str], hub: Hub) -> Hub:
    said = []
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line)
        if "JupyterHub is now running at" in line:
            break
    else:
        raise AssertionError("".join(said))
    import threading

    threading.Thread(target=process.stdout.read, daemon=True).start()
    return hub


def _environments(opt: Path) -> None:
    """Make both environments: this one is the instructor's.

    The student's holds a release, and shares this one's other packages: it lacks the
    hook by which this one finds the instructor's package.
    """
    opt.joinpath("course").mkdir(parents=True)
    release, students = opt / "course/release", opt / "course/students"
    (opt / "course/instructors").symlink_to(sys.prefix)
    write_copy(COURSE, release, lessons=["00"])
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", str(students)], check=True
    )
    (ours,) = Path(sys.prefix).glob("lib/python*/site-packages")
    (theirs,) = students.glob("lib/python*/site-packages")
    (theirs / "course.pth").write_text(f"{release}\n{ours}\n", encoding="utf-8")
    shutil.copytree(Path(sys.prefix) / "etc/jupyter", students / "etc/jupyter")
    for name, module in (
        ("jupyter", "jupyter_core.command"),
        ("jupyter-server", "jupyter_server.serverapp"),
        ("jupyterhub-singleuser", "jupyterhub.singleuser"),
        ("nbgrader", "nbgrader.apps.nbgraderapp"),
        ("autograder", "autograder.student.cli"),
    ):
        program = students / "bin" / name
        program.write_text(
            f"#!{students}/bin/python\nfrom {module} import main\nmain()\n"
        )
        program.chmod(0o755)
    script = block("students without formgrader")
    script = script.replace("/opt/course", str(opt / "course"))
    subprocess.run(["sh", "-euc", script], check=True, capture_output=True)


def _placed(text: str, base: Path) -> str:
    """Return a text of the page with its folders below another."""
    text = text.replace("/opt/course", f"{base}/opt/course")
    return text.replace("/home/", f"{base}/home/")


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
