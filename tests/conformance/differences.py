"""Kernels that the simulator and Triton's compiler do not treat alike, and refusals.

Every entry is tried on both; CONFORMANCE.md is written from this table:

    cd autograder/student/lab/tiles
    python -m tests.conformance.differences > CONFORMANCE.md
"""

from __future__ import annotations

import sys
import textwrap
from dataclasses import dataclass

HEADER = """\
@triton.jit
def kernel(x_ptr, o_ptr, n, B: tl.constexpr):
"""


@dataclass(frozen=True)
class Entry:
    """A kernel body, and whether each side takes it."""

    name: str
    body: str
    simulator: bool
    triton: bool
    why: str = ""
    before: str = ""  # other functions and globals

    @property
    def source(self) -> str:
        """Return the module's text, without imports."""
        return f"{self.before}\n\n{HEADER}{textwrap.indent(self.body, '    ')}\n"


OFFS = "offs = tl.program_id(0) * B + tl.arange(0, B)\n"
LOAD = OFFS + "x = tl.load(x_ptr + offs)\n"
STORE = "tl.store(o_ptr + offs, x)"


def both_refuse(name: str, body: str, before: str = "") -> Entry:
    return Entry(name, body, False, False, before=before)


def stricter(name: str, body: str, why: str, before: str = "") -> Entry:
    return Entry(name, body, False, True, why, before)


def laxer(name: str, body: str, why: str, before: str = "") -> Entry:
    return Entry(name, body, True, False, why, before)


def both_take(name: str, body: str, before: str = "") -> Entry:
    return Entry(name, body, True, True, before=before)


METHODS_BODY = """
x = tl.load(x_ptr + tl.arange(0, 8)[:, None] * 8 + tl.arange(0, 8)[None, :])
y = x.to(tl.float32).abs().exp().exp2().log().log2().sqrt()
y = y.trans().permute(1, 0).reshape(64).reshape((8, 8)).T
z = x.sum(1).expand_dims(0).broadcast_to(8, 8) + x.max(axis=0) + x.min(axis=0)
z += x.argmax(axis=1)[:, None] + x.argmin(0)[None, :]
tl.store(o_ptr + tl.arange(0, 8), (y + z).sum(0), cache_modifier=".cg")
""".strip()

ENTRIES = [
    both_take("methods of a block", METHODS_BODY),
    both_take("Python's max, min, float and int",
              "y = max(1, 2, n) + min(n, 2.5) + float(B) + int(2.5)\n"
              "tl.store(o_ptr, y - float('inf'))"),
    both_take("and, or, not on scalars",
              "y = (n > 3 and B > 2) or not (n > 3)\ntl.store(o_ptr, y)\n"
              "tl.store(o_ptr, n and 3)"),
    both_take("hints",
              "p = tl.multiple_of(x_ptr, 16)\n"
              "offs = tl.max_contiguous(tl.arange(0, B), B)\ntl.assume(n > 0)\n"
              "x = tl.load(p + offs, eviction_policy='evict_last')\n"
              "tl.store(o_ptr + offs, x)"),
    both_take("printing and static_assert",
              LOAD + "tl.device_print('x', x)\ntl.static_print('B', B)\n"
              "tl.static_assert(B == 16, 'B is 16')\nprint('n', n)"),
    both_take("a constexpr local, tuples, a text constexpr",
              "C: tl.constexpr = B * 2\npair = (n, C)\na, b = pair\n"
              "y = tl.zeros([C], tl.float32) + a + pair[1]\n"
              "if MODE == 'double':\n    y = y * 2\n"
              "tl.store(o_ptr + tl.arange(0, C), y)",
              "MODE = tl.constexpr('double')"),
    both_take("a conditional expression on a run-time value",
              LOAD + "y = x * 2 if n > 3 else x\ntl.store(o_ptr + offs, y)"),
    both_take("a helper that returns early",
              "tl.store(o_ptr, f(n, 2))",
              "@triton.jit\ndef f(a, b):\n    if b is None:\n        return a\n"
              "    c = a * b\n    return c"),
    both_take("a wide dot of float64", "a = tl.zeros([16, 16], tl.float64)\n"
              "c = tl.dot(a, a, out_dtype=tl.float64)\ntl.store(o_ptr, tl.sum(c))"),
    both_take("a float16 result of tl.dot", "a = tl.zeros([16, 16], tl.float16)\n"
              "c = tl.dot(a, a, out_dtype=tl.float16)\ntl.store(o_ptr, tl.sum(c))"),
    both_take("a loop downwards",
              "y = 0\nfor i in range(n, 0, -1):\n    y += i\ntl.store(o_ptr, y)"),
    both_take("a name that both branches set",
              "if n > 3:\n    y = 1.0\nelse:\n    y = 2.0\ntl.store(o_ptr, y)"),
    both_take("a return in one branch",
              "y = 0.0\nif n > 3:\n    y = 1.0\nelse:\n    return\ntl.store(o_ptr, y)"),
    both_take("a number kept as a constexpr",
              "C: tl.constexpr = B * 2\ny = tl.arange(0, C)"),
    both_refuse("a number kept in a plain name, as a bound",
                "c = B * 2\ny = tl.arange(0, c)"),
    both_refuse("not on an int", "y = not n"),
    both_refuse("a plus before a block", LOAD + "x = +x"),
    both_refuse("and on two ints", "y = n and (n + 1)"),
    both_refuse("text in a name", "y = 'text'"),
    both_refuse("a name born in one branch, the other returns",
                "if n > 3:\n    y = 1.0\nelse:\n    return\ntl.store(o_ptr, y)"),
    both_refuse("a type that an `if` changes in both branches",
                "y = 0\nif n > 3:\n    y = 0.5\nelse:\n    y = 1.5"),
    both_refuse("a stored block wider than its pointers",
                "c = tl.arange(0, B)\n"
                "tl.store(o_ptr + c[None, :], tl.zeros([B, B], tl.float32))"),
    both_refuse("a comparison divided by an int", LOAD + "y = (x > 0) // 2"),
    both_refuse("a shape that is one number", "y = tl.zeros(B, tl.float32)"),
    both_take("an index that leaves out its last `:`", LOAD + "y = x[None]"),
    both_refuse("a number passed for a pointer", "x = tl.load(n)"),
    both_refuse("tl.arange with a run-time bound", "offs = tl.arange(0, n)"),
    both_refuse("tl.arange of 12 elements", "offs = tl.arange(0, 12)"),
    both_refuse("a block shape of 12", "x = tl.zeros([12], tl.float32)"),
    both_refuse("a block of 2^21 elements", "x = tl.zeros([2048, 1024], tl.float32)"),
    both_refuse("break", "for i in range(n):\n    break"),
    both_refuse("continue", "for i in range(n):\n    continue"),
    both_refuse("return inside a loop",
                "for i in range(n):\n    if i > 2:\n        return"),
    both_refuse("a value returned by the launched kernel", LOAD + "return x"),
    both_refuse("a slice of a block", LOAD + "y = x[0:4]"),
    both_refuse("an element of a block", LOAD + "y = x[3]"),
    both_refuse("an element assigned", LOAD + "x[3] = 0.0"),
    both_refuse("a list of blocks kept", LOAD + "x.append(1)"),
    both_refuse("try", "try:\n    x = 1\nexcept ValueError:\n    x = 2"),
    both_refuse("lambda", "f = lambda a: a"),
    both_refuse("a nested function", "def f(a):\n    return a"),
    both_refuse("import", "import math"),
    both_refuse("raise", "raise ValueError"),
    both_refuse("a global that is no constexpr", LOAD + "x = x * SCALE\n" + STORE,
                "SCALE = 2.0"),
    both_refuse("blocks that do not broadcast", LOAD + "y = x + tl.arange(0, 2 * B)"),
    both_refuse("a type that changes in a loop",
                "m = 0.0\nfor i in range(n):\n    m = tl.arange(0, B)"),
    both_refuse("a dtype that changes in a loop",
                "m = tl.zeros([B], tl.float16)\nfor i in range(n):\n"
                "    m = m + tl.zeros([B], tl.float32)"),
    both_refuse("a name born in a loop, used after it",
                LOAD + "for i in range(n):\n    y = x * i\n" +
                "tl.store(o_ptr + offs, y)"),
    both_refuse("a name born in one branch of a run-time if",
                LOAD + "if n > 3:\n    y = x\ntl.store(o_ptr + offs, y)"),
    both_refuse("an if on a block", LOAD + "if x > 0:\n    x = x + 1"),
    both_refuse("tl.exp of float16", LOAD + "x = tl.exp(x.to(tl.float16))"),
    both_refuse("tl.sqrt of ints", LOAD + "x = tl.sqrt(tl.arange(0, B))"),
    both_refuse("tl.dot of two dtypes",
                "a = tl.zeros([16, 16], tl.float16)\n"
                "b = tl.zeros([16, 16], tl.float32)\nc = tl.dot(a, b)"),
    both_refuse("tl.dot whose inner axes differ",
                "a = tl.zeros([16, 32], tl.float32)\nc = tl.dot(a, a)"),
    both_refuse("an unknown function of tl", "x = tl.matmul(1, 2)"),
    both_refuse("an unknown keyword",
                OFFS + "x = tl.load(x_ptr + offs, masking=offs < n)"),
    both_refuse("`other` without a mask",
                OFFS + "x = tl.load(x_ptr + offs, other=0.0)"),
    both_refuse("a pointer plus a float", "x = tl.load(x_ptr + 1.5)"),
    both_refuse("two pointers added", "x = tl.load(x_ptr + o_ptr)"),
    both_refuse("a pointer multiplied", "x = tl.load(x_ptr * 2)"),
    both_refuse("a block stored through one pointer", LOAD + "tl.store(o_ptr, x)"),
    both_refuse("a mask that is a float",
                LOAD + "tl.store(o_ptr + offs, x, mask=x)"),
    both_refuse("& on floats", LOAD + "x = x & x"),
    both_refuse("// on floats", LOAD + "x = x // 2.0"),
    both_refuse("a block to a power", LOAD + "x = x ** 2"),
    both_refuse("recursion", "f(n)", "@triton.jit\ndef f(n):\n    f(n)"),
    both_refuse("a reshape to another size", LOAD + "x = tl.reshape(x, (2 * B,))"),
    both_refuse("a = b = value", "a = b = 1"),
    both_refuse("a grid axis that is 3", "p = tl.program_id(3)"),
    both_refuse("dictionaries", "d = {1: 2}"),
    both_refuse("in", "if n in (1, 2):\n    x = 1"),
    stricter("chained comparison",
             OFFS + "m = 0 <= offs < n\nx = tl.load(x_ptr + offs, m)",
             "Triton 3.9 takes it, 3.6 does not"),
    stricter("`and` between blocks", LOAD + "m = (offs < n) and (x > 0)",
             "Triton warns that it will go"),
    stricter("f-string in tl.static_assert", 'tl.static_assert(B == 16, f"B is {B}")',
             "no text is built in a kernel"),
    stricter("list comprehension as a tuple", "t = [i for i in (1, 2)]",
             "outside the course's language"),
    stricter("tl.where on an int condition", LOAD + "x = tl.where(offs, x, 0.0)",
             "Triton warns that it will go"),
    stricter("tl.dot over 8 elements of float32",
             "a = tl.zeros([16, 8], tl.float32)\nc = tl.dot(a, tl.trans(a))",
             "Triton 3.6 and float16 need 16"),
    stricter("bf16", LOAD + "x = x.to(tl.bfloat16)", "wrong in every interpreter"),
    stricter("tl.softmax", LOAD + "x = tl.softmax(x)", "writing it is the exercise"),
    stricter("tl.sort", LOAD + "x = tl.sort(x)", "outside the course's language"),
    stricter("tl.sigmoid", LOAD + "x = tl.sigmoid(x)", "write 1 / (1 + tl.exp(-x))"),
    stricter("tl.atomic_max", "tl.atomic_max(o_ptr, 1.0)",
             "outside the course's language; tl.atomic_add is in it"),
    stricter("tl.cdiv as a compile-time number",
             "x = tl.zeros([tl.cdiv(B, 2)], tl.int32)",
             "Triton 3.6 makes it a run-time value; write (B + 1) // 2"),
    stricter("return None", "return None", "Triton 3.6 does not take it; write return"),
    stricter("tl.clamp of ints", OFFS + "x = tl.clamp(offs, 0, 3)",
             "Triton 3.6 does not take it"),
    stricter("an accumulator of float16 without out_dtype",
             "a = tl.zeros([16, 16], tl.float16)\nc = tl.dot(a, a, acc=a)",
             "Triton 3.6 does not take it"),
    stricter("minus and tl.abs of a comparison", LOAD + "x = -(x > 0)",
             "convert with .to(tl.int32)"),
    stricter("tl.where between pointers", "p = tl.where(n > 3, x_ptr, o_ptr)",
             "every pointer belongs to one argument"),
    stricter("tl.dot of three axes or of int8",
             "a = tl.zeros([2, 16, 16], tl.float32)\nc = tl.dot(a, a)",
             "outside the course's language"),
    stricter("a local annotation other than tl.constexpr", "y: tl.int32 = 3",
             "Triton ignores it"),
    stricter("a loop index used after its loop",
             "i = 5\nfor i in range(n):\n    pass\ntl.store(o_ptr, i)",
             "its value is not what Python's would be"),
    stricter("a run-time step below zero", "for i in range(n, 0, -n):\n    pass",
             "undefined in Triton"),
    stricter("tl.sum of comparisons", LOAD + "c = tl.sum(x > 0, 0)",
             "Triton gives uint32; write tl.sum(mask.to(tl.int32))"),
    stricter("unsigned ints", LOAD + "y = offs.to(tl.uint32)",
             "outside the course's language"),
    both_refuse("with", "with n:\n    pass"),
    laxer("types that differ between branches",
          "if n > 3:\n    y = tl.zeros([B], tl.float32)\nelse:\n"
          "    y = tl.zeros([B], tl.int32)",
          "only the branch that runs is seen"),
    laxer("a fault in a branch that never runs",
          "if n > 1000:\n    y = tl.zeros([B], tl.float32) & 1",
          "only the branch that runs is seen"),
    both_refuse("a loop over a tuple", "for i in (1, 2):\n    pass"),
]  # fmt: skip

PROSE = """\
# Where the simulator and Triton differ

Checked against Triton {version} by `tests/conformance`: the same kernels run on the
simulator and on Triton's interpreter (results and bytes agree) and compile to PTX
without a GPU. Shapes, blocks and numbers are drawn at random, and the kernels use every
function, method, operator and dtype of the language, NaN and infinities included; the
lessons' own kernels are tried too. Every refusal below was tried on both. Triton 3.6.0
compiles the same kernels; the six that it refuses beyond 3.9 are refused here too.
`tests/gpu.py` tries all on a GPU. Write this file anew with
`python -m tests.conformance.differences`.

## What runs here and means something else there

- **Masked-off lanes without `other`** hold NaN (an odd number for ints). Triton leaves
  them undefined; its interpreter gives 0.
- **Out-of-bounds accesses** stop the simulator with the program, the argument and the
  element. A GPU reads what lies there, or faults. A view with gaps is checked against
  its own elements.
- **Races** and reads of memory that nothing wrote are told after a launch; Triton lets
  them be.
- **A program that loads what it stored** gets it here. On a GPU the stores of other
  lanes may not have arrived; keep it in a block, or launch twice.
- **`tl.dot` on float32** computes in float32. A GPU uses TF32 (10 bits of mantissa)
  unless the kernel says `input_precision="ieee"`.
- **`tl.dot` with `out_dtype=tl.float16`** sums in float32 and rounds once.
- **Functions such as `tl.exp`** are NumPy's: they differ from a GPU's in the last bits.
- **`tl.sum`** adds in NumPy's order, a GPU in a tree; float32 sums differ in the last
  bits.
- **`tl.maximum` and `tl.max`** pass NaN over, as on a GPU. `tl.argmax` finds NaN here;
  Triton's interpreter passes it over, and on a GPU it depends on the order.
- **Integers** wrap at 32 bits, as on a GPU; Triton's interpreter stops at an overflow.
- **Division of ints by zero** stops the simulator; on a GPU it is undefined.
- **A float argument** is a float32 scalar, so that float16 times it is float32, as on a
  GPU; Triton's interpreter takes it for a compile-time number.
- **An int argument that is 1** stays a run-time value; Triton makes it a constant.
- **Bytes** are those that the programs ask for; a GPU's cache serves some of them.
- **Programs** run one after another, in grid order or shuffled, never at once.
- **`tl.atomic_add`** counts as a load and a store.
- **Limits**: {launches} launches and {programs} programs for each recorded call,
  {loops} loop turns a launch, {turns} turns of a `while` in a program.

"""


def write() -> str:
    """Return CONFORMANCE.md."""
    from autograder.student.lab.tiles.dtypes import DTYPES
    from autograder.student.lab.tiles.grammar import (
        ATTRIBUTES,
        BUILTINS,
        FUNCTIONS,
        METHODS,
    )
    from autograder.student.lab.tiles.launch import PROGRAM_LIMIT
    from autograder.student.lab.tiles.record import LAUNCH_LIMIT
    from autograder.student.lab.tiles.state import LOOP_LIMIT, WHILE_LIMIT

    out = PROSE.format(
        version="3.9.0",
        launches=LAUNCH_LIMIT,
        programs=f"{PROGRAM_LIMIT:,}",
        loops=f"{LOOP_LIMIT:,}",
        turns=f"{WHILE_LIMIT:,}",
    )
    functions = ", ".join(
        sorted(f"tl.{n}" for n in [*FUNCTIONS, "range", "static_range"])
    )
    methods = ", ".join(f".{n}" for n in [*METHODS, *ATTRIBUTES[:3]])
    out += "## The language\n\n"
    for line in (
        f"- Functions: {functions}.",
        f"- On a block: {methods}, `[:, None]`; on a pointer also .dtype.element_ty.",
        f"- Of Python: {', '.join(BUILTINS)}, range.",
        f"- Dtypes: {', '.join(f'tl.{n}' for n in DTYPES)}.",
        "- Statements: assignment, if, for over range, while, return, and calls of "
        "other @triton.jit functions.",
    ):
        out += textwrap.fill(line, 88, subsequent_indent="  ") + "\n"
    out += "\n"
    tables = (
        ("Refused here, taken by Triton", False, True),
        ("Taken here, refused by Triton", True, False),
    )
    for title, here, there in tables:
        out += f"## {title}\n\n| kernel | why |\n|---|---|\n"
        for entry in ENTRIES:
            if (entry.simulator, entry.triton) == (here, there):
                out += f"| {entry.name} | {entry.why} |\n"
        out += "\n"
    out += "## Refused by both\n\n"
    names = [e.name for e in ENTRIES if not e.simulator and not e.triton]
    out += textwrap.fill("; ".join(names) + ".", 88, break_on_hyphens=False) + "\n"
    return out


if __name__ == "__main__":
    sys.stdout.write(write())
