"""What real Triton makes of the kernels; runs in a process of its own.

python -m tests.conformance.triton_side MODE PATH, with MODE one of

- run: every case on the interpreter (TRITON_INTERPRET=1), results to PATH.npz
- compile: every case and every entry of the table of differences, verdicts to PATH.json
- lessons: recorded calls of lessons in the folder PATH (TRITON_INTERPRET=1)
- lessons-ptx: the same, compiled
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

os.environ["TILES"] = "triton"
os.environ.setdefault("TRITON_DEFAULT_FP_FUSION", "1")

import numpy as np
import torch

from tests.conformance import kernels
from tests.conformance.differences import ENTRIES

POINTERS = {
    "float32": "*fp32",
    "float16": "*fp16",
    "int32": "*i32",
    "bool": "*i1",
}
IMPORTS = "import triton\nimport triton.language as tl\n\n"


class Bytes:
    """Counts what the interpreter loads and stores, masked-off lanes left out."""

    def __init__(self) -> None:
        from triton.runtime import interpreter

        self.loaded = self.stored = 0
        builder = interpreter.InterpreterBuilder
        load, store = builder.create_masked_load, builder.create_masked_store
        atomic = builder.create_atomic_rmw

        def size(ptrs: Any, mask: Any) -> int:
            width = ptrs.get_element_ty().primitive_bitwidth
            return int(np.count_nonzero(mask.data)) * max(width // 8, 1)

        def count_load(this: Any, ptrs: Any, mask: Any, *rest: Any) -> Any:
            self.loaded += size(ptrs, mask)
            return load(this, ptrs, mask, *rest)

        def count_store(this: Any, ptrs: Any, value: Any, mask: Any, *rest: Any) -> Any:
            self.stored += size(ptrs, mask)
            return store(this, ptrs, value, mask, *rest)

        def count_atomic(this: Any, op: Any, ptr: Any, val: Any, mask: Any, *rest: Any):
            self.loaded += size(ptr, mask)
            self.stored += size(ptr, mask)
            return atomic(this, op, ptr, val, mask, *rest)

        builder.create_masked_load = count_load
        builder.create_masked_store = count_store
        builder.create_atomic_rmw = count_atomic


def run(path: str) -> None:
    """Run every case on the interpreter; save results and byte counts."""
    counter = Bytes()
    # The interpreter stops at an int32 overflow; a GPU and the simulator wrap.
    from triton.runtime import interpreter

    object.__setattr__(
        interpreter.interpreter_builder.options, "sanitize_overflow", False
    )
    out: dict[str, Any] = {}
    for number, case in enumerate(kernels.CASES):
        arguments = case.arguments(np.random.default_rng(number))
        given = {
            k: torch.from_numpy(v) if isinstance(v, np.ndarray) else v
            for k, v in arguments.items()
        }
        counter.loaded = counter.stored = 0
        case.kernel[case.grid](**given, **case.meta)
        out[f"{number} bytes"] = np.array([counter.loaded, counter.stored])
        for name in case.outputs:
            out[f"{number} {name}"] = given[name].numpy()
    np.savez(path, **out)


def compile_one(kernel: Any, arguments: dict[str, Any], meta: dict[str, Any]) -> int:
    """Compile a kernel for an A100; return the length of its PTX."""
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    signature, constants = {}, dict(meta)
    for name in kernel.arg_names:
        value = arguments.get(name)
        if isinstance(value, np.ndarray):
            signature[name] = POINTERS[value.dtype.name]
        elif name in meta or value is None:
            signature[name] = "constexpr"
            constants.setdefault(name, None)
        else:
            signature[name] = "i32" if isinstance(value, int) else "fp32"
    source = ASTSource(fn=kernel, signature=signature, constexprs=constants)
    target = GPUTarget("cuda", 80, 32)
    return len(triton.compile(source, target=target).asm["ptx"])


def compile_all(path: str) -> None:
    """Compile every case and try every entry of the table of differences."""
    warnings.simplefilter("ignore")
    sizes, verdicts = {}, {}
    for number, case in enumerate(kernels.CASES):
        arguments = case.arguments(np.random.default_rng(number))
        sizes[case.name] = compile_one(case.kernel, arguments, case.meta)
    x = np.zeros(64, "float32")
    arguments = {"x_ptr": x, "o_ptr": x, "n": 64}
    with tempfile.TemporaryDirectory() as folder:
        for number, entry in enumerate(ENTRIES):
            module = import_text(entry.source, Path(folder), f"entry_{number}")
            try:
                compile_one(module.kernel, arguments, {"B": 16})
                verdicts[entry.name] = ""
            except Exception as error:
                text = str(error).strip().splitlines() or [type(error).__name__]
                verdicts[entry.name] = text[-1][:300]
    Path(path).write_text(json.dumps({"ptx": sizes, "refusals": verdicts}))


def import_text(text: str, folder: Path, name: str) -> Any:
    """Import a module from its text, so that Triton finds the source."""
    file = folder / f"{name}.py"
    file.write_text(IMPORTS + text)
    spec = importlib.util.spec_from_file_location(name, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def kernel_of(bundle: list[dict[str, Any]], folder: Path, name: str) -> Any:
    """Write a recorded kernel out as a module again."""
    parts = []
    for function in reversed(bundle):  # helpers first
        for constant, plain in function["constants"].items():
            value = repr(plain["value"]) if "value" in plain else f"tl.{plain['dtype']}"
            parts.append(f"{constant} = tl.constexpr({value})")
        parts.append(function["source"])
    return getattr(import_text("\n".join(parts), folder, name), bundle[0]["name"])


def recorded(folder: Path) -> Any:
    """Yield each recorded call: its file, its evidence and its memory."""
    for path in sorted(folder.glob("call_*.json")):
        evidence = json.loads(path.read_text())
        with np.load(path.with_suffix(".npz")) as arrays:
            inputs = [arrays[f"arr_{i}"] for i in range(len(evidence["inputs"]))]
        memory: dict[tuple[str, int], Any] = {}
        for i, (layout, array) in enumerate(
            zip(evidence["inputs"], inputs, strict=True)
        ):
            storage = torch.zeros(layout["size"], dtype=getattr(torch, layout["dtype"]))
            where = layout["shape"], layout["strides"], layout["offset"]
            storage.as_strided(*where).copy_(torch.from_numpy(array))
            memory["input", i] = storage
        for i, made in enumerate(evidence["workspaces"]):
            kind = getattr(torch, made["dtype"])
            size, fill = int(np.prod(made["shape"])), made["fill"] or 0
            memory["workspace", i] = torch.full((size,), fill, dtype=kind)
        yield path, evidence, memory


def view(memory: dict[tuple[str, int], Any], at: dict[str, Any]) -> Any:
    """Return the tensor that a reference of the evidence means."""
    storage = memory[at["buffer"], at["index"]]
    return storage.as_strided(at["shape"], at["strides"], at["offset"])


def lessons(path: str) -> None:
    """Run recorded calls on the interpreter; save the results and the bytes."""
    folder = Path(path)
    counter = Bytes()
    for file, evidence, memory in recorded(folder):
        counter.loaded = counter.stored = 0
        for number, launch in enumerate(evidence["launches"]):
            bundle = evidence["kernels"][launch["kernel"]]
            kernel = kernel_of(bundle, folder, f"{file.stem}_{number}")
            arguments = {
                name: view(memory, a["view"]) if "view" in a else a["value"]
                for name, a in launch["arguments"].items()
            }
            kernel[tuple(launch["grid"])](**arguments)
        result = evidence["result"]
        outputs = [
            view(memory, o["view"]).numpy() for o in result.get("tuple", [result])
        ]
        moved = np.array([counter.loaded, counter.stored])
        np.savez(file.with_name(f"done_{file.stem}.npz"), moved, *outputs)


def lessons_ptx(path: str) -> None:
    """Compile every recorded launch for a GPU."""
    warnings.simplefilter("ignore")
    folder, sizes = Path(path), {}
    for file, evidence, memory in recorded(folder):
        for number, launch in enumerate(evidence["launches"]):
            bundle = evidence["kernels"][launch["kernel"]]
            kernel = kernel_of(bundle, folder, f"{file.stem}_ptx_{number}")
            constexprs = {p.name for p in kernel.params if p.is_constexpr}
            arguments: dict[str, Any] = {}
            meta: dict[str, Any] = {}
            for name, given in launch["arguments"].items():
                if "view" in given:
                    arguments[name] = view(memory, given["view"]).numpy()
                elif name in constexprs:
                    meta[name] = given["value"]
                else:
                    arguments[name] = given["value"]
            sizes[file.stem] = compile_one(kernel, arguments, meta)
    (folder / "ptx.json").write_text(json.dumps(sizes))


MODES = {
    "run": run,
    "compile": compile_all,
    "lessons": lessons,
    "lessons-ptx": lessons_ptx,
}

if __name__ == "__main__":
    MODES[sys.argv[1]](sys.argv[2])
