"""What real Triton makes of the kernels; runs in a process of its own.

python -m tests.conformance.triton_side MODE FOLDER, with MODE one of

- run: every recorded call in FOLDER on the interpreter (TRITON_INTERPRET=1); results
  and bytes to `NAME.done.npz`
- compile: those that were drawn first; the length of each kernel's PTX to
  `compiled.json`
- differences: every entry of the table; what Triton says of it to `said.json`
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from autograder.kernels.on_triton import OnTriton, counted, import_text
from tests.conformance.differences import ENTRIES

POINTERS = {
    torch.float16: "*fp16",
    torch.float32: "*fp32",
    torch.float64: "*fp64",
    torch.int8: "*i8",
    torch.int16: "*i16",
    torch.int32: "*i32",
    torch.int64: "*i64",
    torch.bool: "*i1",
}


def recorded(
    folder: Path, pattern: str = "*.call.json"
) -> Iterator[tuple[Path, dict[str, Any], list[Any]]]:
    """Yield each recorded call: its file, its evidence and its inputs."""
    for path in sorted(folder.glob(pattern)):
        evidence = json.loads(path.read_text())
        with np.load(path.with_suffix(".npz")) as arrays:
            inputs = [arrays[f"arr_{i}"] for i in range(len(evidence["inputs"]))]
        yield path, evidence, inputs


def run(folder: Path) -> None:
    """Run every call on the interpreter; save results and byte counts."""
    # The interpreter stops at an int32 overflow; a GPU and the simulator wrap.
    from triton.runtime import interpreter

    object.__setattr__(
        interpreter.interpreter_builder.options, "sanitize_overflow", False
    )
    for path, evidence, inputs in recorded(folder):
        call = OnTriton(evidence, folder)
        memory = call.memory(inputs)
        with counted() as moved:
            call.run(memory)
        outputs = [tensor.numpy() for tensor in call.outputs(memory)]
        sizes = np.array([moved.loaded, moved.stored])
        np.savez(path.with_suffix(".done.npz"), sizes, *outputs)


def compile_one(kernel: Any, arguments: dict[str, Any]) -> int:
    """Compile a kernel for an A100; return the length of its PTX."""
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    constexprs = {p.name for p in kernel.params if p.is_constexpr}
    signature, constants = {}, {}
    for name in kernel.arg_names:
        value = arguments.get(name)
        if name in constexprs or value is None:
            signature[name], constants[name] = "constexpr", value
        elif isinstance(value, torch.Tensor):
            signature[name] = POINTERS[value.dtype]
        else:
            signature[name] = "i32" if isinstance(value, int) else "fp32"
    source = ASTSource(fn=kernel, signature=signature, constexprs=constants)
    target = GPUTarget("cuda", 80, 32)
    return len(triton.compile(source, target=target).asm["ptx"])


def compile_all(folder: Path) -> None:
    """Compile every launch of the calls that were drawn first."""
    warnings.simplefilter("ignore")
    sizes: dict[str, list[int]] = {}
    for path, evidence, inputs in recorded(folder, "*_0.call.json"):
        call = OnTriton(evidence, folder)
        memory = call.memory(inputs)
        sizes[path.stem] = [
            compile_one(call.kernels[one["kernel"]], call.arguments(one, memory))
            for one in evidence["launches"]
        ]
    (folder / "compiled.json").write_text(json.dumps(sizes))


def try_differences(folder: Path) -> None:
    """Compile every entry of the table of differences; save what Triton says."""
    warnings.simplefilter("ignore")
    said = {}
    x = torch.zeros(64)
    arguments = {"x_ptr": x, "o_ptr": x, "n": 64, "B": 16}
    for number, entry in enumerate(ENTRIES):
        module = import_text(entry.source, folder, f"entry_{number}")
        try:
            compile_one(module.kernel, arguments)
            said[entry.name] = ""
        except Exception as error:
            text = str(error).strip().splitlines() or [type(error).__name__]
            said[entry.name] = text[-1][:300]
    (folder / "said.json").write_text(json.dumps(said))


MODES = {"run": run, "compile": compile_all, "differences": try_differences}

if __name__ == "__main__":
    MODES[sys.argv[1]](Path(sys.argv[2]))
