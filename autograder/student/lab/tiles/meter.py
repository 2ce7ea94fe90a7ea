"""What a launch moved: bytes by kernel argument, counts, and what went wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

SENTENCES = 20  # races and uninitialised reads kept; the rest repeat them


@dataclass
class Meter:
    """Bytes and counts of one launch, or the sum over several.

    Masked-off lanes cost nothing. An atomic counts as a load and a store. Bytes are
    those that the programs ask for: a cache would serve some of them, HBM the rest.
    """

    kernel: str = ""
    grid: tuple[int, ...] = ()
    loads: dict[str, int] = field(default_factory=dict)  # bytes, by kernel argument
    stores: dict[str, int] = field(default_factory=dict)
    load_count: int = 0  # tl.load calls that ran, over all programs
    store_count: int = 0
    programs: int = 0
    launches: int = 0
    largest_block: int = 0  # elements of the largest block held on chip
    busiest_bytes: int = 0  # loaded by the one program that loaded most
    rewrites: int = 0  # elements that one program stored more than once
    races: list[str] = field(default_factory=list)
    uninitialised: list[str] = field(default_factory=list)

    @property
    def loaded_bytes(self) -> int:
        """All bytes loaded."""
        return sum(self.loads.values())

    @property
    def stored_bytes(self) -> int:
        """All bytes stored."""
        return sum(self.stores.values())

    def __str__(self) -> str:
        """Write the meter for a student to read."""
        lines = [f"{self.kernel or 'all launches'}: {self.programs} programs"]
        for verb, table in (("loads ", self.loads), ("stores", self.stores)):
            parts = ", ".join(f"{name} {size:,}" for name, size in table.items())
            lines.append(f"  {verb} {sum(table.values()):,} B ({parts})")
        lines.append(f"  largest block on chip: {self.largest_block:,} elements")
        return "\n".join([*lines, *(f"  {s}" for s in self.races + self.uninitialised)])

    def note(self, where: list[str], sentence: str) -> None:
        """Keep a sentence once, and only so many of them."""
        if sentence not in where and len(where) < SENTENCES:
            where.append(sentence)

    def add(self, other: Meter) -> None:
        """Add another launch to this sum."""
        for mine, theirs in ((self.loads, other.loads), (self.stores, other.stores)):
            for name, size in theirs.items():
                mine[name] = mine.get(name, 0) + size
        self.load_count += other.load_count
        self.store_count += other.store_count
        self.programs += other.programs
        self.launches += other.launches
        self.largest_block = max(self.largest_block, other.largest_block)
        self.busiest_bytes = max(self.busiest_bytes, other.busiest_bytes)
        self.rewrites += other.rewrites
        for sentence in other.races:
            self.note(self.races, sentence)
        for sentence in other.uninitialised:
            self.note(self.uninitialised, sentence)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values only."""
        return {
            "kernel": self.kernel,
            "grid": list(self.grid),
            "loads": dict(self.loads),
            "stores": dict(self.stores),
            "loaded_bytes": self.loaded_bytes,
            "stored_bytes": self.stored_bytes,
            "load_count": self.load_count,
            "store_count": self.store_count,
            "programs": self.programs,
            "launches": self.launches,
            "largest_block": self.largest_block,
            "busiest_bytes": self.busiest_bytes,
            "rewrites": self.rewrites,
            "races": list(self.races),
            "uninitialised": list(self.uninitialised),
        }
