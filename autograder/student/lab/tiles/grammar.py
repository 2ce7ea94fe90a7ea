"""What a kernel may say: names of `tl`, attributes, methods, and refusals with reasons.

The tables are the language: `rewrite` reads them and knows no other name.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from . import access, arithmetic, flow, forms, language, reduce, shapes
from .dtypes import DTYPES

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "program_id": language.program_id,
    "num_programs": language.num_programs,
    "arange": language.arange,
    "load": access.load,
    "store": access.store,
    "atomic_add": access.atomic_add,
    "dot": language.dot,
    "zeros": language.zeros,
    "zeros_like": language.zeros_like,
    "full": language.full,
    "where": language.where,
    "maximum": language.maximum,
    "minimum": language.minimum,
    "clamp": language.clamp,
    "abs": language.absolute,
    "fma": language.fma,
    "cdiv": language.cdiv,
    "cast": language.to,
    **language.MATH,
    "max": reduce.max_,
    "min": reduce.min_,
    "sum": reduce.sum_,
    "argmax": reduce.argmax,
    "argmin": reduce.argmin,
    "cumsum": reduce.cumsum,
    "trans": shapes.trans,
    "permute": shapes.permute,
    "reshape": shapes.reshape,
    "broadcast_to": shapes.broadcast_to,
    "expand_dims": shapes.expand_dims,
    "static_assert": language.static_assert,
    "device_print": language.device_print,
    "static_print": language.device_print,
    "multiple_of": language.hint,
    "max_contiguous": language.hint,
    "max_constancy": language.hint,
    "assume": language.hint,
}

LOOPS = {
    "range": flow.loop,
    "tl.range": flow.loop,
    "tl.static_range": flow.static_range,
}

# Python's own functions that Triton knows in a kernel.
BUILTINS: dict[str, Callable[..., Any]] = {
    "max": language.builtin_max,
    "min": language.builtin_min,
    "float": forms.to_float,
    "int": forms.to_int,
    "print": language.device_print,
}

# Methods of a block, and the function of `tl` that each one is.
METHODS: dict[str, Callable[..., Any]] = {
    "to": language.to,
    **{
        name: FUNCTIONS[name]
        for name in (
            "sum", "max", "min", "abs", "exp", "exp2", "log", "log2", "sqrt", "reshape",
            "broadcast_to", "expand_dims", "trans", "permute", "argmax", "argmin",
        )
    },
}  # fmt: skip

ATTRIBUTES = ("shape", "dtype", "T", "element_ty", "value")

OPERATORS: dict[type[ast.AST], tuple[str, Callable[..., Any]]] = {
    ast.Add: ("add", arithmetic.add),
    ast.Sub: ("subtract", arithmetic.subtract),
    ast.Mult: ("multiply", arithmetic.multiply),
    ast.Div: ("divide", arithmetic.divide),
    ast.FloorDiv: ("floor_divide", arithmetic.floor_divide),
    ast.Mod: ("modulo", arithmetic.modulo),
    ast.Pow: ("power", arithmetic.power),
    ast.MatMult: ("matmul", arithmetic.matmul),
    ast.BitAnd: ("bit_and", arithmetic.bit_and),
    ast.BitOr: ("bit_or", arithmetic.bit_or),
    ast.BitXor: ("bit_xor", arithmetic.bit_xor),
    ast.LShift: ("shift_left", arithmetic.shift_left),
    ast.RShift: ("shift_right", arithmetic.shift_right),
    ast.Lt: ("less", arithmetic.less),
    ast.LtE: ("less_equal", arithmetic.less_equal),
    ast.Gt: ("greater", arithmetic.greater),
    ast.GtE: ("greater_equal", arithmetic.greater_equal),
    ast.Eq: ("equal", arithmetic.equal),
    ast.NotEq: ("not_equal", arithmetic.not_equal),
    ast.Is: ("is_none", forms.is_none),
    ast.IsNot: ("is_not_none", forms.is_not_none),
    ast.USub: ("negative", forms.negative),
    ast.UAdd: ("positive", forms.positive),
    ast.Invert: ("invert", forms.invert),
    ast.Not: ("logical_not", forms.logical_not),
    ast.And: ("logical_and", forms.logical_and),
    ast.Or: ("logical_or", forms.logical_or),
}

FORMS: dict[str, Callable[..., Any]] = {
    **dict(OPERATORS.values()),
    "opens": forms.opens,
    "truth": forms.truth,
    "choose": forms.choose,
    "index": forms.index,
    "item": forms.item,
    "unpack": flow.unpack,
    "keep": flow.keep,
    "attribute": forms.attribute,
    "carry": flow.carry,
    "carried": flow.carried,
    "after_loop": flow.after_loop,
    "merge": flow.merge,
    "turn": flow.turn,
    "compile_time": flow.compile_time,
    "add_alone": access.add_alone,
}

# Functions that take text: a precision, a cache hint, what to print.
TAKES_TEXT = {
    "dot", "load", "store", "atomic_add", "static_assert", "device_print",
    "static_print", "to", "cast", "float", "print", "maximum", "minimum",
}  # fmt: skip

_POINTERS = "use pointers: x_ptr + offsets, with a mask"

# Names that `tl` does not have here, with the form to use instead.
ELSEWHERE = {
    "bfloat16": "bf16 is wrong in every interpreter, so the course has none: use "
    "tl.float16 or tl.float32",
    "make_block_ptr": f"it is gone from Triton 3.9: {_POINTERS}",
    "advance": f"it is gone from Triton 3.9: {_POINTERS}",
    "make_tensor_descriptor": _POINTERS,
    "softmax": "writing it is the exercise: tl.max, tl.exp, tl.sum",
    "math": "write tl.exp, tl.log and so on",
    "sigmoid": "write 1 / (1 + tl.exp(-x))",
    "device_assert": "check in the host function, or tl.static_assert",
    "debug_barrier": "programs cannot wait for one another; launch twice instead",
    "tensor": "annotate compile-time parameters only, with tl.constexpr",
    "constexpr": "it annotates a parameter, or makes a global: N = tl.constexpr(4)",
    "inf": 'write float("inf")',
    "nan": 'write float("nan")',
    "pi": "make it a global: PI = tl.constexpr(3.141592653589793)",
    "e": "make it a global: E = tl.constexpr(2.718281828459045)",
    "matmul": "write tl.dot(a, b)",
    "mm": "write tl.dot(a, b)",
    "transpose": "write tl.trans(x)",
    "swapaxes": "write tl.trans(x)",
    "ones": "write tl.full(shape, 1.0, dtype)",
    "empty": "write tl.zeros(shape, dtype)",
    "array": "a kernel gets its values through pointers, with tl.load",
    "power": "write x * x, or tl.exp2(y * tl.log2(x))",
    "pow": "write x * x, or tl.exp2(y * tl.log2(x))",
    "square": "write x * x",
    "mean": "write tl.sum(x, axis) / n",
    "average": "write tl.sum(x, axis) / n",
    "var": "write it with tl.sum: the mean of the squares of x - mean",
    "std": "write it with tl.sum, and tl.sqrt",
    "linalg": "write it with tl.dot, tl.sum and tl.sqrt",
    "tanh": "write 2 / (1 + tl.exp(-2 * x)) - 1",
    "clip": "write tl.clamp(x, low, high)",
    "concatenate": "store each part through its own pointers",
    "cat": "store each part through its own pointers",
    "append": "store each part through its own pointers",
    "isnan": "write x != x",
    "any": "write tl.max(mask.to(tl.int32), axis)",
    "all": "write tl.min(mask.to(tl.int32), axis)",
    "astype": "write x.to(tl.float32)",
    "size": "write x.shape[0]",
    "item": "load the element: tl.load(ptr + place)",
    "atomic_max": "only tl.atomic_add is here: reduce in a second launch",
    "atomic_min": "only tl.atomic_add is here: reduce in a second launch",
    "sort": "outside the course's language",
}

# Modules of Python that students reach for in a kernel.
MODULES = {"np", "numpy", "math", "torch"}

# Statements and expressions of Python that a kernel cannot have.
REFUSED: dict[type[ast.AST], str] = {
    ast.Break: "Triton has no `break`: use a `while` condition, or mask",
    ast.Continue: "Triton has no `continue`: put the rest under an `if`, or mask",
    ast.Try: "a kernel cannot catch exceptions",
    ast.TryStar: "a kernel cannot catch exceptions",
    ast.Raise: "a kernel cannot raise: check in the host function",
    ast.Assert: "use tl.static_assert for what is known at compile time",
    ast.With: "a kernel has no `with`",
    ast.Import: "a kernel cannot import: everything it needs is in tl",
    ast.ImportFrom: "a kernel cannot import: everything it needs is in tl",
    ast.Global: "a kernel cannot change globals",
    ast.Nonlocal: "a kernel cannot change outer names",
    ast.Delete: "a kernel has no `del`",
    ast.FunctionDef: "a kernel defines no functions: write a second @triton.jit "
    "function beside it and call that",
    ast.AsyncFunctionDef: "a kernel cannot be async",
    ast.AsyncFor: "a kernel cannot be async",
    ast.AsyncWith: "a kernel cannot be async",
    ast.ClassDef: "a kernel defines no classes",
    ast.Match: "a kernel has no `match`: use `if`",
    ast.Lambda: "a kernel has no `lambda`: write a second @triton.jit function",
    ast.ListComp: "a kernel has no comprehensions: compute on blocks",
    ast.SetComp: "a kernel has no comprehensions: compute on blocks",
    ast.DictComp: "a kernel has no comprehensions: compute on blocks",
    ast.GeneratorExp: "a kernel has no comprehensions: compute on blocks",
    ast.List: "a kernel has no lists; a shape is written as a tuple or a list in the "
    "call that takes it",
    ast.Dict: "a kernel has no dictionaries",
    ast.Set: "a kernel has no sets",
    ast.JoinedStr: "a kernel has no f-strings",
    ast.NamedExpr: "a kernel has no `:=`: assign on a line of its own",
    ast.Starred: "a kernel has no `*`: name each argument",
    ast.Await: "a kernel cannot be async",
    ast.Yield: "a kernel cannot yield",
    ast.YieldFrom: "a kernel cannot yield",
    ast.Slice: "a block has no slices: load the part that you need through pointers",
    ast.In: "a kernel has no `in`: compare",
    ast.NotIn: "a kernel has no `in`: compare",
}


def _name_functions() -> None:
    """Give each function the name that a student calls it by, for messages."""
    for table, prefix in ((FUNCTIONS, "tl."), (LOOPS, "")):
        for name, function in table.items():
            function.__qualname__ = prefix + name
    access.add_alone.__qualname__ = "tl.atomic_add"


_name_functions()
DTYPE_NAMES = frozenset(DTYPES)
