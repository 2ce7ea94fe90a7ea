"""A recorded call as Triton runs it: on its interpreter, or on a GPU.

Which of the two is decided by the environment variable TRITON_INTERPRET when `triton`
is first imported; nothing here imports it before it is needed.
"""

from __future__ import annotations

import importlib
import importlib.util
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from autograder.student.lab.tiles.state import poison

IMPORTS = "import triton\nimport triton.language as tl\n\n"


class Memory:
    """The inputs and workspaces of a recorded call, as tensors.

    What nothing has filled holds the simulator's mark of unwritten memory, a NaN, so
    that no result of an earlier run is taken for this one's.
    """

    def __init__(
        self, evidence: Mapping[str, Any], inputs: Sequence[Any], where: str
    ) -> None:
        self.torch: Any = importlib.import_module("torch")
        self.where = where
        self.stored: dict[tuple[str, int], Any] = {}
        self.filled: list[tuple[Any, Any]] = []
        for i, (layout, array) in enumerate(
            zip(evidence["inputs"], inputs, strict=True)
        ):
            made = self._unwritten(layout["size"], layout["dtype"])
            self._strided(made, layout).copy_(self.torch.from_numpy(array))
            self.stored["input", i] = made
        for i, one in enumerate(evidence["workspaces"]):
            made = self._unwritten(int(np.prod(one["shape"])), one["dtype"])
            self.stored["workspace", i] = made
            if one["fill"] is not None:
                self.filled.append((made, one["fill"]))

    def _unwritten(self, size: int, dtype: str) -> Any:
        array = np.full(size, poison(np.dtype(dtype)), dtype)
        return self.torch.from_numpy(array).to(self.where)

    @staticmethod
    def _strided(storage: Any, at: Mapping[str, Any]) -> Any:
        return storage.as_strided(at["shape"], at["strides"], at["offset"])

    def view(self, at: Mapping[str, Any]) -> Any:
        """Return the tensor that a reference of the evidence means."""
        if at["buffer"] == "empty":
            kind = getattr(self.torch, at["dtype"])
            return self.torch.empty(at["shape"], dtype=kind, device=self.where)
        return self._strided(self.stored[at["buffer"], at["index"]], at)

    def inputs(self, evidence: Mapping[str, Any]) -> list[Any]:
        """Return the inputs as the host function got them."""
        layouts = enumerate(evidence["inputs"])
        return [self._strided(self.stored["input", i], at) for i, at in layouts]


class OnTriton:
    """A recorded call whose kernels are Triton's.

    Args:
        evidence: what `record` returned.
        folder: where to keep the kernels' source, which Triton reads from files.
        where: the torch device, `cpu` for the interpreter.
    """

    def __init__(
        self, evidence: Mapping[str, Any], folder: Path, where: str = "cpu"
    ) -> None:
        self.evidence, self.where = evidence, where
        own = Path(tempfile.mkdtemp(dir=folder))
        self.kernels = [
            kernel_of(bundle, own, f"kernel_{i}")
            for i, bundle in enumerate(evidence["kernels"])
        ]

    def memory(self, inputs: Sequence[Any]) -> Memory:
        """Lay the inputs out as they lay when the call was recorded."""
        return Memory(self.evidence, inputs, self.where)

    def run(self, memory: Memory) -> None:
        """Do what the host function does: fill its workspaces and launch."""
        for tensor, value in memory.filled:
            tensor.fill_(value)
        for launch in self.evidence["launches"]:
            arguments = self.arguments(launch, memory)
            self.kernels[launch["kernel"]][tuple(launch["grid"])](**arguments)

    def arguments(self, launch: Mapping[str, Any], memory: Memory) -> dict[str, Any]:
        """Return what a launch passes, by the kernel's parameters."""
        language = importlib.import_module("triton.language")
        found: dict[str, Any] = {}
        for name, given in launch["arguments"].items():
            if "view" in given:
                found[name] = memory.view(given["view"])
            elif "dtype" in given:
                found[name] = getattr(language, given["dtype"])
            else:
                found[name] = given["value"]
        return found

    def outputs(self, memory: Memory) -> list[Any]:
        """Return the tensors that the host function returns, in order."""
        return [memory.view(at) for at in views(self.evidence["result"])]


def views(result: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the arrays of a recorded result, in order."""
    if "view" in result:
        yield result["view"]
    for one in (*result.get("tuple", ()), *result.get("list", ())):
        yield from views(one)
    for _, one in result.get("dict", ()):
        yield from views(one)


def arrays(outputs: Any) -> list[Any]:
    """Return the arrays of a replayed result in the same order."""
    if isinstance(outputs, np.ndarray):
        return [outputs]
    parts = list(outputs.values()) if isinstance(outputs, dict) else outputs
    if isinstance(parts, list | tuple):
        return [array for one in parts for array in arrays(one)]
    return []


def kernel_of(bundle: Sequence[Mapping[str, Any]], folder: Path, name: str) -> Any:
    """Write a recorded kernel out as a module again, and return it as Triton's."""
    parts = []
    for function in reversed(bundle):  # helpers first
        for constant, plain in function["constants"].items():
            value = plain.get("value")
            text = f"tl.{plain['dtype']}" if "dtype" in plain else f"{value!r}"
            if isinstance(value, float):
                text = f"float({str(value)!r})"  # inf and nan are no Python
            parts.append(f"{constant} = tl.constexpr({text})")
        parts.append(function["source"])
    return getattr(import_text("\n".join(parts), folder, name), bundle[0]["name"])


def import_text(text: str, folder: Path, name: str) -> ModuleType:
    """Import a module from its text, kept in a file where Triton finds it."""
    file = folder / f"{name}.py"
    file.write_text(IMPORTS + text)
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Moved:
    """Bytes that the interpreter loaded and stored, masked-off lanes left out."""

    def __init__(self) -> None:
        self.loaded = self.stored = 0


@contextmanager
def counted() -> Iterator[Moved]:
    """Count the bytes that Triton's interpreter moves inside the `with` block."""
    interpreter: Any = importlib.import_module("triton.runtime.interpreter")
    builder = interpreter.InterpreterBuilder
    names = ("create_masked_load", "create_masked_store", "create_atomic_rmw")
    own = {name: getattr(builder, name) for name in names}
    moved = Moved()

    def size(ptrs: Any, mask: Any) -> int:
        width = int(ptrs.get_element_ty().primitive_bitwidth)
        return int(np.count_nonzero(mask.data)) * max(width // 8, 1)

    def load(this: Any, ptrs: Any, mask: Any, *rest: Any) -> Any:
        moved.loaded += size(ptrs, mask)
        return own["create_masked_load"](this, ptrs, mask, *rest)

    def store(this: Any, ptrs: Any, value: Any, mask: Any, *rest: Any) -> Any:
        moved.stored += size(ptrs, mask)
        return own["create_masked_store"](this, ptrs, value, mask, *rest)

    def atomic(this: Any, op: Any, ptr: Any, val: Any, mask: Any, *rest: Any) -> Any:
        moved.loaded += size(ptr, mask)
        moved.stored += size(ptr, mask)
        return own["create_atomic_rmw"](this, op, ptr, val, mask, *rest)

    for name, function in zip(names, (load, store, atomic), strict=True):
        setattr(builder, name, function)
    try:
        yield moved
    finally:
        for name, function in own.items():
            setattr(builder, name, function)
