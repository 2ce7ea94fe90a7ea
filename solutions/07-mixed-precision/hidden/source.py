"""Which parts of a submission's source a function uses, and whether they name float16.

Nothing that runs beside a submission can hide NumPy's float16 from it: `import numpy`
inside a function finds it again. Its source cannot change once it is handed in. This
finds every name of float16 and the ways to come by it that need no name. Someone who
looks for others will find one; whoever reads the source sees it.
"""

import ast
import functools
import symtable

_NAMES = {"float16", "half"}
_TEXTS = {"float16", "half", "f2", "<f2", ">f2", "=f2", "e", "<e", ">e", "=e"}
_CALLS = {
    *("eval", "exec", "compile", "getattr", "setattr", "globals", "locals", "vars"),
    *("chr", "open", "__import__", "memoryview"),
}
_MODULES = {
    *("numpy", "math", "typing", "collections", "functools", "itertools", "operator"),
    *("dataclasses", "enum", "abc", "warnings", "__future__"),
}
_PARTS = {
    *("sctypeDict", "sctypes", "typecodes", "dtypes", "min_scalar_type", "core", "lib"),
    *("_core", "ctypeslib", "frombuffer", "fromstring", "load", "testing", "rec"),
}
_COMPUTED = (ast.BinOp, ast.JoinedStr, ast.Subscript, ast.Call, ast.IfExp)


def float16_in(source, function):
    """Say how a function, or what it uses of the source, comes by float16.

    Args:
        source: the text of every cell.
        function: its name.

    Returns:
        The line's number and the reason, or None.
    """
    return _found(tuple(source), function)


@functools.lru_cache(maxsize=64)
def _found(source, function):
    statements = []
    for text in source:
        try:
            statements += ast.parse(text).body
        except SyntaxError:  # it did not run either
            continue
    for node in _used(statements, function):
        for part in _code(node):
            reason = _reason(part)
            if reason:
                return f"line {getattr(part, 'lineno', node.lineno)}: {reason}"
    return None


def _used(statements, function):
    """Return the statements that define a name, and all names that these use."""
    places = {}
    for statement in statements:
        for name in _bound(statement):
            places.setdefault(name, []).append(statement)
    found = [s for s in statements if _writes_attributes(s)]
    todo, seen = [function], set()
    for statement in found:
        todo += _named(statement)
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            for statement in places.get(name, ()):
                found += [statement] if statement not in found else []
                todo += _named(statement)
    return found


def _table(statement):
    return symtable.symtable(ast.unparse(statement), "source", "exec")


def _bound(statement):
    """The names that a statement gives the module."""
    symbols = _table(statement).get_symbols()
    return [s.get_name() for s in symbols if s.is_assigned() or s.is_imported()]


def _named(statement):
    """The names of the module that a statement uses, also from inside functions."""
    names, tables = [], [_table(statement)]
    while tables:
        table = tables.pop()
        inner = table.get_type() != "module"
        names += [
            s.get_name() for s in table.get_symbols() if s.is_global() or not inner
        ]
        tables += table.get_children()
    return names


def _writes_attributes(statement):
    """Tell whether a statement that runs at once could change a function from afar."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return False
    for node in ast.walk(statement):
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            return True
        if isinstance(node, ast.Name) and node.id in ("setattr", "exec", "globals"):
            return True
    return False


def _code(statement):
    """Walk a statement but for annotations, docstrings and what is only raised."""
    todo = [statement]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Raise):
            continue
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if _is_plain_getattr(node):
            todo += node.args[:1] + node.args[2:]
            continue
        yield node
        for field, value in ast.iter_fields(node):
            if field not in ("annotation", "returns"):
                parts = value if isinstance(value, list) else [value]
                if field in ("keys", "slice"):  # "e" may well be an exponent's key
                    parts = [p for p in parts if not isinstance(p, ast.Constant)]
                todo += [part for part in parts if isinstance(part, ast.AST)]


def _is_plain_getattr(node):
    """Tell whether an attribute is read by a harmless name that is written out."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "getattr"
        and len(node.args) > 1
        and isinstance(node.args[1], ast.Constant)
        and node.args[1].value in ("dtype", "shape", "ndim", "size")
    )


def _reason(node):
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        modules = [a.name for a in node.names]
        if isinstance(node, ast.ImportFrom):
            modules = [node.module or "."]
            if any(alias.name in _NAMES | _PARTS for alias in node.names):
                return "float16 is imported"
        other = [m for m in modules if m.partition(".")[0] not in _MODULES]
        return f"{other[0]} is imported" if other else ""
    name = getattr(node, "attr", "")
    if name in _NAMES | _PARTS or name.startswith("__"):
        return f"{name} is used"
    if isinstance(node, ast.Name) and (node.id in _CALLS or node.id == "float16"):
        return f"{node.id} is used"
    if isinstance(node, ast.Constant) and node.value in _TEXTS:
        return f"{node.value!r} is a dtype"
    if isinstance(node, ast.Call):
        kinds = [k.value for k in node.keywords if k.arg == "dtype"]
        name = getattr(node.func, "attr", "")
        kinds += node.args[:1] if name in ("astype", "view", "dtype") else []
        if any(isinstance(kind, _COMPUTED) for kind in kinds):
            return "a dtype is computed"
    return ""
