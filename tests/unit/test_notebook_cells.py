"""Names, magics and slices: what of a cell is run, found without running it."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.student.notebook.magics import blank_magics, without_margin
from autograder.student.notebook.names import names_bound, parse
from autograder.student.notebook.scopes import needed_by
from autograder.student.notebook.slice import blank, mark_needed, units_of


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import a.b, c as d\nfrom e import f as g, h", "a d g h"),
        ("x, (y, *z) = 1, (2, 3)\nw: int = 4\nv += 1", "v w x y z"),
        ("def f(a):\n    b = 1\nclass C:\n    d = 1\nasync def g(): ...", "C f g"),
        ("for i in x:\n    j = i\nwith o as p:\n    pass", "i j p"),
        ("try:\n    a = 1\nexcept E as b:\n    c = 2", "a b c"),
        ("if (n := 3):\n    pass\n[q for q in r]", "n q"),
        ("match x:\n    case [a, *b]: pass\n    case {'k': c, **d}: pass", "a b c d"),
        ("print(1)\nx.y = 2\nx[0] = 3\ndel z", ""),
        ("def broken(:\n  pass\nclass Also:", "Also broken"),
        ("", ""),
    ],
)
def test_names_bound(source: str, names: str) -> None:
    assert names_bound(source) == tuple(names.split())


def test_needs_are_what_functions_look_up_in_the_module() -> None:
    source = "def f(x, *, y=DEFAULT):\n    z = x + HELP(y)\n    return z\n"
    assert needed_by(ast.parse(source).body[0]) == {"DEFAULT", "HELP"}
    source = "class A(Base):\n    def m(self):\n        return OTHER + self.x\n"
    assert needed_by(ast.parse(source).body[0]) >= {"Base", "OTHER"}


@pytest.mark.parametrize(
    ("source", "blanked"),
    [
        ("%matplotlib inline\nx = 1", "\nx = 1"),
        ("%%time\ndef f():\n    return 1", "\ndef f():\n    return 1"),
        ("\n%%capture out\nx = 1", "\n\nx = 1"),
        ("%%bash\nrm -rf /\nx = 1", "\n\n"),
        ("!pip install a \\\n  b\nx = 1", "\n\nx = 1"),
        ("files = !ls\nx = 1", "\nx = 1"),
        ("f?\n?f\nf??  # help\nx = 1", "\n\n\nx = 1"),
        ("if True:\n    %time f()\nx = 1", "if True:\n    pass\nx = 1"),
        ("x = (5\n  % 3)\n!ls", "x = (5\n  % 3)\n"),
        ('s = """\n%time\n!ls\n"""\n!ls', 's = """\n%time\n!ls\n"""\n'),
        ("s = '%time'  # '''\n!ls", "s = '%time'  # '''\n"),
        ("x = 7 \\\n% 4\n!ls", "x = 7 \\\n% 4\n"),
        ("x = 1  # %time", "x = 1  # %time"),
    ],
)
def test_blanks_magics_and_keeps_line_numbers(source: str, blanked: str) -> None:
    result, taken = blank_magics(source)
    assert result == blanked
    assert result.count("\n") == source.count("\n")
    assert bool(taken) == (source != blanked)


@pytest.mark.parametrize(
    ("source", "bare"),
    [
        ("  def f():\n      return 1\n\n  x = 2", "def f():\n    return 1\n\nx = 2"),
        ("\n    x = 1\n", "\nx = 1\n"),
        (">>> def f():\n...     return 1\n...", "def f():\n    return 1\n"),
        ("  >>> x = [\n  ...   1]", "x = [\n  1]"),
        ("In [12]: def f():\n    ...:     return 1", "def f():\n    return 1"),
        ("x = ...\n... \n y", "x = ...\n... \n y"),
        ("%time f()\n  x", "%time f()\n  x"),
    ],
)
def test_takes_away_what_ipython_does_before_it_runs_a_cell(
    source: str, bare: str
) -> None:
    assert without_margin(source) == bare


@settings(deadline=None)
@given(st.text(alphabet="ab>.In[3]: %\n\t", max_size=40))
def test_a_margin_never_holds_a_line(source: str) -> None:
    assert without_margin(source).count("\n") == source.count("\n")


@settings(deadline=None)
@given(st.text(alphabet="ab%!?=\\'\"()#\n \t", max_size=40))
def test_blanking_never_changes_the_number_of_lines(source: str) -> None:
    result, _ = blank_magics(source)
    assert result.count("\n") == source.count("\n")
    if parse(source) is not None:
        assert result == source


def kept(source: str, *roots: str) -> str:
    """Return the lines that run, without the blank ones."""
    tree = parse(source)
    assert tree is not None
    units = units_of(0, tree)
    mark_needed(units, roots)
    lines = blank(source, units).split("\n")
    assert all(a in ("", b) for a, b in zip(lines, source.split("\n"), strict=False))
    return "\n".join(line for line in lines if line)


@pytest.mark.parametrize(
    "source",
    [
        "import numpy as np\ndef f():\n    return np.pi",
        "A = 1\nB = A\ndef g():\n    return B\ndef f():\n    return g()",
        "T = {}\nT['a'] = 1\nT.update(b=2)\ndef f():\n    return T",
        "class D: pass\ndef neg(d): return d\nD.__neg__ = neg\ndef f(): return D()",
        "from numpy import *\ndef f():\n    return pi",
        "def init():\n    global T\n    T = 1\ninit()\ndef f():\n    return T",
        "import numpy as np\nnp.seterr(all='ignore')\ndef f():\n    return np.pi",
        "import sys\nsys.setrecursionlimit(9999)\ndef f():\n    return sys",
        "@deco\ndef f():\n    pass\ndef deco(g):\n    return g",
        "H = 1\ndef f():\n    return globals()['H']",
        "setattr(D, 'x', 1)\nclass D: pass\ndef f(): return D.x",
        "try:\n    import m\nexcept ImportError:\n    m = None\ndef f(): return m",
        "x = 1; y = 2\ndef f():\n    return x",
        "for i in range(3):\n    T[i] = i\nT = {}\ndef f(): return T",
    ],
)
def test_keeps_all_that_a_task_needs(source: str) -> None:
    assert kept(source, "f") == source


@pytest.mark.parametrize(
    "extra",
    [
        "while True:\n    pass",
        "print(f(1))",
        "assert f(1) == 2",
        "n = 0\nwhile True:\n    n += 1",
        "import torch\nplot = f(3)\nplt.show()",
        "for i in range(9):\n    print(f(i))",
        "np.testing.assert_allclose(f(1), 2)",
        "if __name__ == '__main__':\n    f = None",
        "input('name?')",
        "x = np.zeros(10**12)",
        "from autograder.student import check, attempt\ncheck('f')",
        "with attempt():\n    y = f(2)",
        "'a stray docstring'",
    ],
)
@pytest.mark.parametrize("before", [True, False])
def test_leaves_out_what_stands_around(extra: str, before: bool) -> None:
    answer = "import numpy as np\ndef f(x):\n    return np.sin(x)"
    source = f"{extra}\n{answer}" if before else f"{answer}\n{extra}"
    assert kept(source, "f") == answer
