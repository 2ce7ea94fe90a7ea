"""The hooks that fill chapters and render formulas."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from mkdocs.exceptions import PluginError
from website import REPOSITORY, load_hook

chapter = load_hook("chapter")
katex = load_hook("katex")
assets = load_hook("assets")
home = load_hook("home")
kernels = load_hook("kernels")
units = load_hook("units")

CONTRACT = """
title = "Slopes"
part = "Mathematics"
reading = 40
solving = 150
outcomes = ["Measure a slope: `slope`.", "b", "c"]
needs = ["torch"]
[[task]]
name = "slope"
points = 10
seconds = 2
memory_mb = 128
chapter = "step-1"
[written]
name = "explain"
points = 5
prompt = "Why?"
"""
STUB = 'def slope(f, x: float | None = None, kind="central") -> float:\n    ...\n'
HINTS = "## slope\n### Nudge\nLook.\n### Plan\nThen $h$.\n### Near-code\nDo.\n"
MUTANT = (
    '"""The sign * is flipped for x < `a*b`.\n\n'
    'task: slope\nlook: Step 1.\nseverity: idea\n"""\n'
)


@pytest.fixture
def lesson(tmp_path: Path) -> Path:
    folder = tmp_path / "course" / "01-slopes"
    mutants = tmp_path / "solutions" / "01-slopes" / "mutants"
    folder.mkdir(parents=True)
    mutants.mkdir(parents=True)
    (folder / "lesson.toml").write_text(CONTRACT)
    (folder / "exercise.py").write_text(STUB)
    (folder / "hints.md").write_text(HINTS)
    (mutants / "sign.py").write_text(MUTANT)
    return folder


def fill(lesson: Path, markdown: str) -> str:
    """Run the hook on a page of the lesson."""
    file = SimpleNamespace(
        abs_src_path=str(lesson / "index.md"), src_uri="01-slopes/index.md"
    )
    config = SimpleNamespace(config_file_path=str(lesson.parents[1] / "mkdocs.yml"))
    page = SimpleNamespace(file=file)
    return str(chapter.on_page_markdown(markdown, page=page, config=config))


def test_chips_count_the_written_answer(lesson: Path) -> None:
    text = fill(lesson, "<!-- lesson:chips -->")
    assert "<li>15 points</li>" in text
    assert "<li>1 task</li>" in text
    assert "<li>needs torch</li>" in text
    assert 'href="01-slopes.ipynb"' in text


def test_contract_shows_the_stub_as_it_is(lesson: Path) -> None:
    text = fill(lesson, "<!-- lesson:contract -->")
    signature = 'slope(f, x: float | None=None, kind="central") -> float'
    assert f"| [`slope`](#step-1) | `{signature}` | 10 | 2 s | 128 MB |" in text


def test_contract_says_in_one_sentence_how_marks_work(lesson: Path) -> None:
    text = fill(lesson, "<!-- lesson:contract -->")
    assert text.partition("</div>\n\n")[2] == (
        "Core checks ask for what a task teaches: while one fails, the task earns at"
        " most 40 % of its points, and nothing while none passes; while any other check"
        " fails, at most 90 %."
    )


@pytest.mark.parametrize(
    ("rests", "told"),
    [
        ({"ring": ["slope"]}, "`ring` rests on `slope`: where yours fails, its checks"
         " run with ours as well."),
        ({"ring": ["slope"], "step": ["ring", "slope"]}, "`ring` rests on `slope`;"
         " `step` on `ring` and `slope`: where yours fails, what rests on it runs with"
         " ours as well."),
    ],
)  # fmt: skip
def test_contract_names_what_a_task_rests_on(
    rests: dict[str, list[str]], told: str, lesson: Path
) -> None:
    more = "".join(
        f'[[task]]\nname = "{name}"\npoints = 1\nseconds = 1\nmemory_mb = 1\n'
        f'chapter = "a"\nrests_on = {bases}\n'
        for name, bases in rests.items()
    )
    (lesson / "lesson.toml").write_text(CONTRACT + more)
    text = fill(lesson, "<!-- lesson:contract -->")
    assert text.endswith(f" at most 90 %. {told}")


def test_hints_are_folded_and_keep_their_markdown(lesson: Path) -> None:
    text = fill(lesson, "<!-- lesson:hints slope -->")
    assert text.count("??? tip") == 3
    assert '??? tip "Plan"\n\n    Then $h$.' in text


def test_hints_are_those_that_pass_the_audit(lesson: Path) -> None:
    (lesson / "hints.md").write_text("## slope\n1. Look.\n2. Then.\n3. Do.\n")
    told = r"01-slopes/index\.md, .*: hints\.md, task slope: its rungs are none; write"
    with pytest.raises(PluginError, match=told):
        fill(lesson, "<!-- lesson:hints -->")


def test_a_broken_contract_fails_with_page_file_and_key(lesson: Path) -> None:
    (lesson / "lesson.toml").write_text(CONTRACT.replace("reading = 40\n", ""))
    told = r"^01-slopes/index\.md: .*lesson\.toml: reading is missing"
    with pytest.raises(PluginError, match=told):
        fill(lesson, "<!-- lesson:outcomes -->")


def test_mistakes_tell_the_sentence_and_escape_it(lesson: Path) -> None:
    text = fill(lesson, "<!-- lesson:mistakes -->")
    assert '??? note "`slope`: 1 mistake known by name"' in text
    assert "    - The sign \\* is flipped for x &lt; `a*b`." in text


def test_only_some_of_many_mistakes_are_shown(lesson: Path) -> None:
    mutants = lesson.parents[1] / "solutions" / "01-slopes" / "mutants"
    for number in range(20):
        text = MUTANT.replace("sign", f"sign number {number}")
        (mutants / f"sign-{number}.py").write_text(text)
    text = fill(lesson, "<!-- lesson:mistakes -->")
    assert "21 mistakes known by name" in text
    assert text.count("    - The sign") == chapter.SHOWN
    assert f"    - … and {21 - chapter.SHOWN} more." in text


def test_without_mutants_the_page_says_that_it_has_no_list(lesson: Path) -> None:
    shutil.rmtree(lesson.parents[1] / "solutions" / "01-slopes" / "mutants")
    text = fill(lesson, "<!-- lesson:mistakes -->")
    assert "does not list them" in text


def test_a_students_copy_says_that_it_has_no_list(
    lesson: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(lesson.parents[1] / "solutions")
    for name in [name for name in sys.modules if name.startswith("autograder.grading")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "autograder.grading", None)  # nor a grader
    bare = load_hook("chapter")
    monkeypatch.setattr(sys.modules[__name__], "chapter", bare)
    text = fill(lesson, "<!-- lesson:mistakes -->")
    assert "does not list them" in text


def test_unknown_marker_fails_with_the_page_named(lesson: Path) -> None:
    with pytest.raises(PluginError, match=r"01-slopes/index\.md: unknown marker"):
        fill(lesson, "<!-- lesson:hits -->")


def test_pages_without_a_lesson_are_left_alone(tmp_path: Path) -> None:
    text = "<!-- lesson:chips -->"
    assert fill(tmp_path / "course" / "about", text) == text


PLAN = """Before.

<!-- course:lessons -->

| no. | lesson | part | reading, about | solving, about |
|--:|---|---|--:|--:|
| 0 | Kernels | GPU kernels | *planned* | |
| 10 | Trees | Decoding | *planned* | |

After.
"""


def test_lessons_that_are_there_join_the_planned_ones(lesson: Path) -> None:
    shutil.copytree(lesson, lesson.with_name("00-hills"))
    config = SimpleNamespace(config_file_path=str(lesson.parents[1] / "mkdocs.yml"))
    text = home.on_page_markdown(PLAN, page=page("index.md"), config=config)
    assert (
        text
        == """Before.

| no. | lesson | part | reading, about | solving, about |
|--:|---|---|--:|--:|
| 0 | [Slopes](00-hills/index.md) | Mathematics | 40 min | 2.5 h |
| 0 | Kernels | GPU kernels | *planned* | |
| 1 | [Slopes](01-slopes/index.md) | Mathematics | 40 min | 2.5 h |
| 10 | Trees | Decoding | *planned* | |

After.
"""
    )


def test_a_broken_contract_fails_with_the_home_page_named(lesson: Path) -> None:
    (lesson / "lesson.toml").write_text("title = 3\n")
    config = SimpleNamespace(config_file_path=str(lesson.parents[1] / "mkdocs.yml"))
    with pytest.raises(PluginError, match=r"index\.md: .*title must be a str"):
        home.on_page_markdown(PLAN, page=page("index.md"), config=config)


def test_an_empty_heading_becomes_a_plain_cell() -> None:
    row = '<tr><th></th><th style="text-align: right;"></th><th>bytes</th></tr>'
    assert chapter.on_page_content(row) == (
        '<tr><td></td><td style="text-align: right;"></td><th>bytes</th></tr>'
    )


def page(name: str = "01-slopes/index.md") -> SimpleNamespace:
    """Return what the formula hook needs of a page."""
    return SimpleNamespace(file=SimpleNamespace(src_uri=name), toc=[])


@pytest.mark.browser
def test_formulas_become_html_and_mathml() -> None:
    text = katex.on_page_content(
        r'<span class="arithmatex">\(a &lt; b\)</span>', page=page()
    )
    assert "katex-html" in text
    assert "<math" in text
    assert "arithmatex" not in text


@pytest.mark.browser
def test_no_line_begins_with_the_punctuation_after_a_formula() -> None:
    formulas = (
        r'<span class="arithmatex">\(a + b\)</span>.',
        r'<span class="arithmatex">\(c\)</span>,',
    )
    text = katex.on_page_content(" ".join(formulas), page=page())
    two, one = text.split(' <span class="g2k-inline">')
    assert two.count('class="katex-base"') == 2
    _, last = two.rsplit('class="katex-base"', 1)
    assert '<span class="g2k-after">.</span></span></span></span></span></span>' in last
    assert one.endswith("</span>,</span>")  # this one never breaks, says the style
    sheet = REPOSITORY / "site/overrides/assets/g2k/parts.css"
    style = sheet.read_text(encoding="utf-8")
    assert ".g2k-inline:has(.katex-base:only-child) {\n  white-space: nowrap" in style


@pytest.mark.browser
def test_a_typo_fails_with_page_and_formula() -> None:
    wrong = r'<div class="arithmatex">\[\frac{1}{2\]</div>'
    with pytest.raises(PluginError, match=r"01-slopes/index\.md: .*\\frac\{1\}\{2"):
        katex.on_page_content(wrong, page=page())


@pytest.mark.browser
def test_headings_in_the_side_bar_are_rendered_too() -> None:
    entry = SimpleNamespace(title=r"The error of \(h\)", children=[])
    described = page()
    described.toc = [entry]
    katex.on_page_content(
        r'<h2>The error of <span class="arithmatex">\(h\)</span></h2>', page=described
    )
    assert "katex-html" in entry.title


def test_without_node_the_page_stays_as_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    text = r'<span class="arithmatex">\(x\)</span>'
    assert katex.on_page_content(text, page=page()) == text


def test_a_drawing_needs_no_namespace_in_a_page() -> None:
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"></svg>'
    formula = '<svg xmlns="http://www.w3.org/2000/svg" width="1em"></svg>'
    text = assets.on_page_content(drawing + formula, page=page())
    assert text == '<svg viewBox="0 0 1 1"></svg>' + formula


@pytest.mark.browser
def test_figures_that_do_not_parse_name_their_file(tmp_path: Path) -> None:
    script = tmp_path / "figure.js"
    script.write_text('import { gone } from "./gone.js";\ngone();\n')
    with pytest.raises(PluginError, match=r"figure\.js"):
        assets.bundle(script)


def fill_kernels(marker: str) -> str:
    page = SimpleNamespace(file=SimpleNamespace(src_uri="kernel-language.md"))
    return str(kernels.on_page_markdown(f"<!-- kernels:{marker} -->\n", page=page))


def test_reference_of_kernels_has_every_name_of_the_language() -> None:
    from autograder.student.lab.tiles.grammar import FUNCTIONS

    text = fill_kernels("functions")
    names = re.findall(r"^\| `tl\.(\w+)\(", text, re.MULTILINE)
    assert sorted(names) == sorted([*FUNCTIONS, "range", "static_range"])
    assert "| `tl.dot(input,` `other,`" in text
    assert (
        "Multiply two blocks, summing in float32 whatever they hold. | floats |" in text
    )
    assert "int32, int64, float16, float32, float64 |" in text  # tl.atomic_add


def test_reference_of_kernels_says_what_to_write_instead() -> None:
    assert '| `inf` | write float("inf") |' in fill_kernels("instead")
    assert "Triton has no `break`: use a `while` condition" in fill_kernels("refused")
    assert "`tl.int1` | `bool`" in fill_kernels("dtypes")
    assert "`.to`, `.sum`" in fill_kernels("blocks")


def test_reference_of_kernels_takes_over_how_triton_differs() -> None:
    text = fill_kernels("differences")
    assert text.startswith("## What runs here and means something else there")
    assert "## Refused here, taken by Triton" in text
    assert "- Functions: tl.abs" not in text
    with pytest.raises(PluginError, match="unknown marker"):
        fill_kernels("all")


def test_a_number_and_its_unit_stay_on_one_line() -> None:
    text = "<p>In 95 % of 40 ms, <b>3 GB</b>: 2 seconds, 5 <i>%</i>.</p>"
    kept = "<pre>7 % 3\n</pre><code>x = 9 % s</code>"
    said = units.on_page_content(f"{text}{kept}{text}")
    bound = text.replace("95 %", "95\N{NO-BREAK SPACE}%")
    bound = bound.replace("40 ms", "40\N{NO-BREAK SPACE}ms")
    bound = bound.replace("3 GB", "3\N{NO-BREAK SPACE}GB")
    assert said == f"{bound}{kept}{bound}"
