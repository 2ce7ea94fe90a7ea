"""A tiny wrong program whose bug the explorer must still find beside a submission.

A submission that found a way out of the explorer's language could have it report that
nothing fails. So after each exploration the same process explores a program of ours, in
which an update can be lost, and has to tell the total that is left.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence
from typing import Any

from autograder.student.bundle import bundled
from autograder.student.errors import StudentForged
from autograder.student.report import gettext

_MOST = 10**6


def canary(program: Any, start: int, left: int, right: int) -> Any:
    """Explore two threads that each read a total, and write it in another step."""

    def body(module: Any) -> None:
        lock, total = threading.Lock(), [start]

        def add(n: int) -> None:
            with lock:
                seen = total[0]
            with lock:
                total[0] = seen + n

        threads = [threading.Thread(target=add, args=(n,)) for n in (left, right)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert total[0] == start + left + right, f"the total is {total[0]}"

    return program.explore(body, bound=1, random_schedules=0)


def check_canary(session: Any, cells: Sequence[Sequence[str]]) -> None:
    """Ask for the canary where a submission was explored.

    Args:
        session: of the process.
        cells: those of the submission, which is loaded there.

    Raises:
        StudentForged: the bug is not found any more.
    """
    from autograder.student.lab.schedule import compiled

    start, left, right = (secrets.randbelow(_MOST) + _MOST for _ in range(3))
    data = {"start": start, "left": left, "right": right}
    name = canary.__name__
    code = compiled(bundled(canary))
    found = session.ask("explore", cells, code, name, data, label=name)
    said = str(found.get("message")) if isinstance(found, dict) else ""
    if not any(f"the total is {start + n}" in said for n in (left, right)):
        raise StudentForged(
            gettext("the explorer does not find a known mistake any more"),
            gettext("a submission may not change the process that explores it"),
        )
