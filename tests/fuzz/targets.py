"""What is fuzzed: everything that reads bytes which a student wrote.

A target takes bytes and may raise only what its reader documents; whatever else comes
out of it is a finding.
"""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"


@dataclass(frozen=True)
class Target:
    """A reader under test."""

    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]  # valid inputs, to begin with
    most_s: float = 2.0  # CPU seconds of any input
    per_kb_s: float = 0.05  # and of each of its kilobytes: ten times what is usual

    @property
    def name(self) -> str:
        """What the command and the corpus call it."""
        return self.run.__name__

    def found(self) -> list[bytes]:
        """Return the inputs that once were findings."""
        files = sorted((CORPUS / self.name).glob("*"))
        return [path.read_bytes() for path in files]

    def beginnings(self) -> list[bytes]:
        """Return the inputs to vary; of large ones too few could be tried."""
        return [*self.seeds, *(data for data in self.found() if len(data) < _LARGE)]


_LARGE = 2048


def notebook(data: bytes) -> None:
    """Read bytes as a notebook and as a Python file."""
    for name in ("hw.ipynb", "hw.py"):
        _read(name, data)


def archive(data: bytes) -> None:
    """Read bytes as a zip archive."""
    _read("hw.zip", data if data.startswith(b"PK") else b"PK\3\4" + data)


def _read(name: str, data: bytes) -> None:
    from autograder.student.lesson import find_course
    from autograder.student.notebook.reader import attempted, read_data

    lesson = find_course(Path(__file__)).lesson("00-start")
    read = read_data(name, data, lesson)
    assert read.problem is not None or read.cells
    prose = (text for cell in read.prose for text in (cell.text, *cell.ids))
    told = (read.name, read.problem or "", *read.notes, *prose)
    for text in (*told, *(part for c in read.cells for part in (c.label, c.source))):
        text.encode("utf-8")
        assert "\0" not in text
    labels = [cell.label for cell in read.cells]
    assert len(set(labels)) == len(labels)
    attempted(read, lesson)


def timestamp(data: bytes) -> None:
    """Read bytes as the file in which nbgrader's exchange keeps a time."""
    from autograder.classroom.folder import HandIn
    from autograder.classroom.gradebook import time_of

    (_scratch() / "timestamp.txt").write_bytes(data)
    time_of(HandIn("student", "00-start", _scratch()).submitted)


def roster(data: bytes) -> None:
    """Read bytes as a class list."""
    from autograder.classroom.roster import read_roster
    from autograder.student.report import CourseError

    path = _scratch() / "students.csv"
    path.write_bytes(data)
    try:
        students = read_roster(path).students
    except CourseError:
        return
    assert all(student.id == key for key, student in students.items())


def download(data: bytes) -> None:
    """Unpack bytes as what a platform packed for a teacher."""
    from autograder.classroom.arrivals import bulk_zip

    path = _scratch() / "download.zip"
    path.write_bytes(data if data.startswith(b"PK") else b"PK\3\4" + data)
    bulk_zip._opened.cache_clear()
    assert all(isinstance(name, str) for name in bulk_zip._tops(path))
    count = bulk_zip._count(path)
    if isinstance(count, str):
        return
    with tempfile.TemporaryDirectory(dir=_scratch()) as folder:
        target = Path(folder) / "out"
        target.mkdir()
        for number in range(min(count, 20)):
            bulk_zip._unpack_one(path, number, target, 2**20)
        assert [entry.name for entry in Path(folder).iterdir()] == ["out"]


def metadata(data: bytes) -> None:
    """Read bytes as what Gradescope says of its submissions."""
    import yaml

    from autograder.classroom.arrivals.gradescope_export import read_metadata

    path = _scratch() / "submission_metadata.yml"
    path.write_bytes(data)
    try:
        told = read_metadata(path)
    except (yaml.YAMLError, ValueError):
        return
    for name, row in told.items():
        assert isinstance(name, str)
        assert all(isinstance(one.sid, str) for one in row.submitters)


def codec(data: bytes) -> None:
    """Decode bytes; what they mean can be encoded again."""
    from autograder.student.codec import CodecError, TooLarge, dumps, loads

    try:
        value = loads(data)
    except CodecError:
        return
    with suppress(TooLarge):
        loads(dumps(value))


def kernel(data: bytes) -> None:
    """Check bytes as the source of a kernel."""
    from autograder.student.lab.tiles.errors import LanguageError
    from autograder.student.lab.tiles.rewrite import check

    with suppress(LanguageError):
        check(data.decode("utf-8", "replace"))


def explorer(data: bytes) -> None:
    """Check bytes as a program for the schedule explorer."""
    from autograder.student.lab.schedule.submission.program import Program

    program = Program([("hw", data.decode("utf-8", "replace"))])
    assert all(str(refusal) for refusal in program.refusals)


@cache
def _scratch() -> Path:
    return Path(tempfile.mkdtemp(prefix="fuzz-"))


_ANSWER = b"def mean(x):\n    return sum(x) / len(x)\n"
_KERNEL = b"""@triton.jit
def add(x_ptr, y_ptr, n, BLOCK: tl.constexpr):
    offs = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offs < n
    x = tl.load(x_ptr + offs, mask=mask, other=0.0)
    for k in range(0, 3):
        x += tl.where(x > k, tl.exp(x), -x)
    tl.store(y_ptr + offs, x.to(tl.float16), mask=mask)
"""
_PROGRAM = b"""import threading
class Box:
    def __init__(self):
        self._lock = threading.Lock()
        self._full = threading.Condition(self._lock)
        self.items = []
    def put(self, item):
        with self._lock:
            self.items.append(f"{item!r:>{4}}")
            self._full.notify_all()
def job(box):
    try:
        box.put([i for i in range(3) if i])
    except ValueError as error:
        raise RuntimeError from error
"""


_METADATA = b"""
submission_1:
  :submitters:
  - :name: Ada
    :sid: '0042'
    :email: a@b.c
  :created_at: 2026-11-30 10:17:14.128338000 Z
? submission_2
: {":submitters": [{":name": Bo}], ":created_at": .nan}
"""


def _notebook() -> bytes:
    code = {
        "cell_type": "code",
        "id": "a",
        "metadata": {"tags": ["task"], "nbgrader": {"grade": False, "grade_id": "m"}},
        "source": ["%%time\n", _ANSWER.decode()],
        "outputs": [{"output_type": "stream", "text": ["1\n", '"'], "data": {"a": []}}],
    }
    prose = {"cell_type": "markdown", "source": "```python\nmean = 1\n```"}
    plain = {"cells": [prose, code, code], "metadata": {"gradients": {"lesson": "x"}}}
    return json.dumps(plain, indent=1).encode()


def _archive() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("work/hw.ipynb", _notebook())
        file.writestr("hw.py", b"# %% [markdown]\n# text\n# %%\n" + _ANSWER)
    return packed.getvalue()


def _download() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ann_LATE_12_901_hw-1.py", _ANSWER)
        archive.writestr("Bo_13_assignsubmission_file_/sub/hw.py", _ANSWER)
    return packed.getvalue()


def _values() -> tuple[bytes, ...]:
    import numpy as np

    from autograder.student.codec import dumps

    matrix = np.arange(6, dtype=np.float32).reshape(2, 3)
    values = ({"a": [1, -(2**70), 1.5, None, True], "b": ("x", b"y", {1, 2})}, matrix)
    return tuple(dumps(value) for value in (*values, [matrix.T, 1j, slice(1)][:2]))


def targets() -> dict[str, Target]:
    """Return every target by its name."""
    text = b"# %% tags=['task']\n!ls \\\n  x\n" + _ANSWER + b"breakpoint()\nmean?\n"
    people = b'id,first_name,last_name,email\nada,Ada,"O\'Neil, x",a@b.c\nbob,,,\n'
    times = (b"2026-11-29 03:00:00.123456 UTC", b"2026-11-29T03:00:00+01:00\n")
    found = (
        Target(notebook, (_notebook(), text)),
        Target(archive, (_archive(),)),
        Target(download, (_archive(), _download())),
        Target(metadata, (_METADATA,)),
        Target(timestamp, times),
        Target(roster, (people,)),
        Target(codec, _values()),
        Target(kernel, (_KERNEL,)),
        Target(explorer, (_PROGRAM,)),
    )
    return {target.name: target for target in found}


NAMES = (
    *("notebook", "archive", "download", "metadata", "timestamp"),
    *("roster", "codec", "kernel", "explorer"),
)
