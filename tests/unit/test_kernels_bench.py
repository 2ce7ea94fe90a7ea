"""The bench of kernels: what it tables, and what it takes for agreement."""

from __future__ import annotations

import json

import numpy as np
import pytest

from autograder.kernels import bench, interpreted
from autograder.kernels.agreement import difference
from autograder.kernels.bench import Section, cpu_section, gpu_section, renewed, spread
from autograder.kernels.calls import calls_of, imported, kernel_lessons, record_call
from autograder.kernels.gpu import Timing
from autograder.kernels.interpreted import Speed
from autograder.kernels.on_triton import arrays, views
from autograder.student.lesson import find_course

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("one", "other", "tolerance", "off"),
    [
        ([1.0], [1.0], 0.0, 0),
        ([1.0], [1.5], 0.0, INF),
        ([1.5], [1.0], 0.5, 0.5),  # of 0.5 (1 + 1)
        ([NAN, INF], [NAN, INF], 0.1, 0),
        ([NAN], [1.0], 0.1, INF),
        ([1.0], [NAN], 0.1, INF),
        ([INF], [-INF], 0.1, INF),
        ([], [], 0.1, 0),
        ([1.0, 1.0], [1.0], 0.1, INF),
    ],
)
def test_a_difference_is_counted_in_tolerances(one, other, tolerance, off):
    assert difference(np.array(one), np.array(other), tolerance) == pytest.approx(off)


def test_long_ints_are_compared_as_ints():
    assert difference(np.array([2**60 + 1]), np.array([2**60]), 0.0) == INF


def test_arrays_of_a_result_come_in_the_order_of_its_views():
    a, b, c = ({"view": {"index": i}} for i in range(3))
    number = {"value": 3}
    result = {"tuple": [a, number, {"list": [b]}, {"dict": [["x", c]]}]}
    assert [one["index"] for one in views(result)] == [0, 1, 2]
    x, y, z = np.zeros(1), np.ones(1), np.full(1, 2)
    found = arrays((x, 3, [y], {"x": z}))
    assert [array[0] for array in found] == [0, 1, 2]


def speed(ours: list[float], theirs: list[float]) -> Speed:
    return Speed("00 copy", "77", 5, 154, 154, ours, theirs)


def test_the_target_is_missed_by_the_slowest():
    fast, slow = speed([1, 2, 3], [40, 50, 60]), speed([1, 2, 3], [10, 18, 30])
    assert fast.ratio == pytest.approx(25)
    assert "25.0 times faster; the target of 10 is reached" in (
        cpu_section("here", [fast]).after
    )
    both = cpu_section("here", [fast, slow])
    assert "9.0 times faster; the target of 10 is missed" in both.after
    assert [row[-1] for row in both.rows] == ["25.0", "9.0"]


def test_without_triton_there_is_nothing_to_compare_with():
    section = cpu_section("here", [speed([1, 2, 3], [])])
    assert section.rows[0][-2:] == ("", "")
    assert "Triton is not installed" in section.after


def test_a_kernel_that_is_not_timed_says_why():
    timings = [
        Timing("09 flash_attention", "8", [2, 3, 4], [1, 1.5, 2], 0.25),
        Timing("08 deform", "8", [], [], 0.0, "torchvision is not installed"),
    ]
    rows = gpu_section("card", timings).rows
    assert rows[0][2:] == ("3.00 (2.50 to 3.50)", "1.50 (1.25 to 1.75)", "2.00", "0.25")
    assert rows[1][2:5] == ("", "", "torchvision is not installed")


def test_a_spread_is_the_median_between_quartiles():
    assert spread([5.0, 1.0, 3.0, 2.0, 4.0]) == "3.00 (2.00 to 4.00)"
    assert spread([0.5]) == "0.500 (0.500 to 0.500)"


def test_a_page_keeps_what_another_machine_wrote():
    page = "# Kernels\n\nProse.\n\n## On a CPU\n\nold\n\n## On a GPU\n\nkept\n"
    section = Section("On a CPU", "new", ("call", "ms"), [("copy", "1")], "end")
    once = renewed(page, section)
    assert "old" not in once
    assert once.startswith("# Kernels\n\nProse.\n\n## On a CPU\n\nnew\n\n| call | ms |")
    assert once.endswith("end\n\n## On a GPU\n\nkept\n")
    assert renewed(once, section) == once
    other = Section("On a GPU", "", ("call",), [("copy",)], "")
    assert renewed(once, other).endswith(
        "end\n\n## On a GPU\n\n| call |\n| --- |\n| copy |\n"
    )
    third = Section("Elsewhere", "", ("call",), [("copy",)], "")
    assert renewed(page, third).endswith(
        "kept\n\n## Elsewhere\n\n| call |\n| --- |\n| copy |\n"
    )


def test_every_lesson_with_kernels_lists_calls_that_its_solutions_take():
    lessons = list(kernel_lessons(find_course()))
    assert {"00-first-kernel", "09-flash-attention"} <= {one.id for one, _ in lessons}
    for lesson, listed in lessons:
        reference = imported(lesson.reference_path)
        for call in calls_of(lesson, listed.CALLS):
            assert record_call(call, reference).programs > 0
        for call in calls_of(lesson, getattr(listed, "TIMED", ())):
            assert call.library is not None, f"{call.name} has no library to compare"
            assert hasattr(reference, call.function)


def test_measures_a_kernel_without_triton(monkeypatch):
    monkeypatch.setattr(interpreted, "has_interpreter", lambda: False)
    lesson, listed = next(iter(kernel_lessons(find_course())))
    call = calls_of(lesson, listed.CALLS)[0]
    recorded = record_call(call, imported(lesson.reference_path))
    found = interpreted.measure(call, recorded, rounds=2)
    assert (found.loaded_bytes, found.stored_bytes) == (600, 600)  # 300 of float16
    assert len(found.simulator_ms) == 2
    assert found.ratio is None


@pytest.mark.parametrize("as_json", [False, True])
def test_the_command_prints_and_renews_a_page(as_json, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(bench, "has_gpu", lambda: False)
    monkeypatch.setattr(bench, "speeds_of", lambda _: [speed([1, 2, 3], [40, 50, 60])])
    page = tmp_path / "page.md"
    page.write_text("# Kernels\n")
    bench.run_kernels(as_json=as_json, page=page)
    said = capsys.readouterr().out
    if as_json:
        assert json.loads(said)["cpu"][0]["ratio"] == pytest.approx(25)
    else:
        assert "25.0 times faster" in said
    assert "## On a CPU" in page.read_text()
