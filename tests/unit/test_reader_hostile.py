"""Sources and files made to break a parser: each is a note or a reason, never more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.student.lesson import find_course
from autograder.student.notebook import outputs
from autograder.student.notebook.candidates import candidates_in_file
from autograder.student.notebook.decode import Unreadable
from autograder.student.notebook.outputs import without_outputs
from autograder.student.notebook.reader import attempted, read_data
from autograder.student.notebook.unpack import is_noise

LESSON = find_course(Path(__file__)).lesson("00-start")
SOLVED = "def mean(x):\n    return sum(x) / len(x)\n"
N = 40_000

SOURCES = {
    "brackets": "(" * N,
    "signs": "-" * N + "1",
    "attributes": "a" + ".b" * N,
    "calls": "a" + "()" * N,
    "sums": "1" + "+1" * N,
    "powers": "1" + "**1" * N,
    "choices": "a if b else " * 9000 + "c",
    "lambdas": "lambda: " * 9000 + "1",
    "branches": "if a: 1\n" + "elif a: 1\n" * 9000,
    "digits": "9" * 100_000,
    "fields": "f'" + "{a}" * N + "'",
    "continued": "a \\\n" * N,
    "cookie": "# -*- coding: rot13 -*-\nx = 1",
    "controls": "x = 1\f\n\v\x1c\x85\u2028y = 2",
    "tabs": "if x:\n\ty\n        z",
    "wide": "\uff4dean = \U0001d422",
    "surrogate": "s = '\ud800'",
    "escapes": "'" + "\\d" * N + "'",
    "many": "a;" * N,
}


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("kind", ["a.ipynb", "a.py"])
def test_a_hostile_source_costs_no_other_cell_its_answer(name: str, kind: str) -> None:
    source = SOURCES[name]
    if kind == "a.ipynb":
        cells = [{"cell_type": "code", "source": text} for text in (source, SOLVED)]
        data = json.dumps({"cells": cells}).encode()
    else:
        data = f"{SOLVED}\n# %%\n{source}\n".encode("utf-8", "replace")
    read = read_data(kind, data, LESSON)
    assert read.problem is None
    assert attempted(read, LESSON)["mean"]
    for text in (*read.notes, *(cell.source for cell in read.cells)):
        text.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"cells": ' + "[" * 10**5, "nested too deeply"),
        ('{"cells": [' + '{"a":' * 10**5, "nested too deeply"),
        ('{"cells": [' + "[]," * 600_000, "in too many parts"),
        ('{"cells": [{"outputs": ' + "[" * 10**5, "breaks off at line 1"),
        ('{"cells": [{"outputs": [}', "not valid JSON"),
        ('{"cells": [{"outputs": []', "breaks off at line 1"),
    ],
)
def test_hostile_json_is_refused(text: str, reason: str) -> None:
    problem = read_data("a.ipynb", text.encode(), LESSON).problem
    assert problem is not None
    assert reason in problem
    assert len(problem) < 200


def test_outputs_of_too_many_parts_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outputs, "MOST_PARTS", 1000)
    for text in ('{"outputs": [' + "[]," * 600, '{"outputs": [],' * 600):
        with pytest.raises(Unreadable, match="clear them"):
            without_outputs(text.encode())


def test_outputs_go_and_lines_stay() -> None:
    source = "s = '\"outputs\": ['\n"
    output = {"text": ["a\\\n", '"]}', "}"], "data": {"a": [1, [{}]]}}
    cell = {"source": source, "outputs": [output] * 2, "attachments": {"a": "b"}}
    notebook = {"cells": [cell] * 2, "metadata": {"widgets": {"a": [1]}}}
    for indent in (None, 1):
        data = json.dumps(notebook, indent=indent).encode()
        short = without_outputs(data)
        assert short.count(b"\n") == data.count(b"\n")
        empty = {"source": source, "outputs": [], "attachments": {}}
        assert json.loads(short) == {"cells": [empty] * 2, "metadata": {"widgets": {}}}


def test_a_file_that_is_no_archive_is_its_one_candidate() -> None:
    (candidate,) = candidates_in_file("a.py", SOLVED.encode(), LESSON)
    assert candidate.data == SOLVED.encode()
    with pytest.raises(Unreadable, match="damaged"):
        candidates_in_file("a.py", b"PK\x03\x04", LESSON)


@pytest.mark.parametrize(
    "path",
    [
        "copy/autograder/student/cli.py",
        "autograder/__init__.py",
        "course/01-gradients/test_public.py",
        ".venv/lib/a.py",
        "__MACOSX/._a.ipynb",
        "submission_secret.txt",
    ],
)
def test_the_course_and_the_system_hand_in_nothing(path: str) -> None:
    assert is_noise(Path(path))
    assert not is_noise(Path("autograder.py"))
    assert not is_noise(Path("autograder/mine.py"))
