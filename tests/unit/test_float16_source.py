"""Lesson 7's look at the source of a conversion: which ones come by float16."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from autograder.grading.reference import load_module
from autograder.student.lesson import find_course

TWIN = find_course(Path(__file__)).lesson("07-mixed-precision").twin_dir
assert TWIN is not None
float16_in = load_module(TWIN / "hidden" / "source.py", "source_check").float16_in

START = "import numpy as np\n"
CASTS = {
    "by its name": "def f(x):\n    return x.view(np.float16)",
    "by its other name": "def f(x):\n    return np.half(x)",
    "after an import inside": (
        "def f(x):\n    import numpy\n    return x.view(numpy.float16)"
    ),
    "through an alias": "kind = np.float16\ndef f(x):\n    return x.view(kind)",
    "imported by name": "from numpy import half as h\ndef f(x):\n    return h(x)",
    "through a helper": (
        "def g(x):\n    return x.astype('f2')\ndef f(x):\n    return g(x)"
    ),
    "by a default": "def f(x, kind='e'):\n    return x.view(kind)",
    "by a computed dtype": "def f(x):\n    return x.view('f' + str(2))",
    "by a computed keyword": "def f(x):\n    return np.array(x, dtype=kinds[0])",
    "by getattr": "def f(x):\n    return x.view(getattr(np, 'flo' + 'at16'))",
    "by getattr of a name written out": "def f(x):\n    return getattr(np, 'half')(x)",
    "by getattr of its array": "def f(x):\n    return getattr(np.half(x), 'size')",
    "by struct": "import struct\ndef f(x):\n    return struct.pack(C, x)",
    "by ctypes inside": "def f(x):\n    import ctypes\n    return x",
    "by a table of types": "def f(x):\n    return x.view(np.sctypeDict[K])",
    "by a dunder": "def f(x):\n    return x.view(np.__dict__[K])",
    "by replacing a type": "np.uint16 = g\ndef g():\n    return np.float16\nf = len",
    "in a class": (
        "class C:\n    kind = np.float16\ndef f(x):\n    return x.view(C.kind)"
    ),
}
HONEST = {
    "keys that look like dtypes": """
        def f(x):
            parts = {"s": x >> 31, "e": (x >> 23) & 255}
            bits = {"half": 10, "single": 23}
            return parts["e"] + bits["half"]
        """,
    "integers": "def f(x):\n    half = x.astype(np.uint32) >> 16\n    return half",
    "a docstring and an error": """
        def f(x):
            'float16'
            if x.dtype != np.uint16:
                raise TypeError("float16")
            return np.where(x > 3, x, 0).astype(x.dtype)
    """,
    "a dtype that may be missing": (
        "def f(x):\n    return getattr(x, 'dtype', None) == np.uint32"
    ),
    "floats that are wider": (
        "def f(x):\n    return np.ldexp(x.astype(np.float64), 3).astype(np.int64)"
    ),
    "float16 elsewhere": (
        "def f(x):\n    return x\ndef g(x):\n    return f(np.float16(x))"
    ),
    "a local of the same name": (
        "def g():\n    kind = np.float16\ndef f(x):\n    kind = np.uint16\n"
        "    return x.astype(kind)"
    ),
}


@pytest.mark.parametrize("source", CASTS.values(), ids=CASTS)
def test_finds_a_conversion_by_a_cast(source):
    assert float16_in([START + source], "f") is not None
    assert float16_in([START, source, "def broken(:"], "f") is not None


@pytest.mark.parametrize("source", HONEST.values(), ids=HONEST)
def test_leaves_honest_conversions_alone(source):
    assert float16_in([START, textwrap.dedent(source)], "f") is None
