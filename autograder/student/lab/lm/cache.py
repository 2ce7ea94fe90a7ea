"""What attention keeps of the tokens that a model has read."""

from __future__ import annotations

from collections.abc import Sequence

import torch


class Cache:
    """The keys and values of every layer, one slot a token that was read.

    A key is kept as it was rotated, so a slot remembers its token's position wherever
    it stands. Memory: 2 layers · B · length · d floats.
    """

    def __init__(self) -> None:
        self._keys: list[
            torch.Tensor
        ] = []  # one a layer: (B, heads, length, d / heads)
        self._values: list[torch.Tensor] = []

    @property
    def length(self) -> int:
        """The number of slots."""
        return self._keys[0].shape[2] if self._keys else 0

    def append(
        self, layer: int, keys: torch.Tensor, values: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Add T slots to a layer and return all that it has.

        Args:
            layer: its number; layers come in order in the first pass.
            keys: (B, heads, T, d / heads), rotated.
            values: the same shape.

        Returns:
            Keys and values, (B, heads, length + T, d / heads) each.
        """
        if layer == len(self._keys):
            self._keys.append(keys)
            self._values.append(values)
        else:
            self._keys[layer] = torch.cat([self._keys[layer], keys], dim=2)
            self._values[layer] = torch.cat([self._values[layer], values], dim=2)
        return self._keys[layer], self._values[layer]

    def truncate(self, length: int) -> None:
        """Forget all slots but the first `length`, of 0 to the number that there are.

        Raises:
            ValueError: there are fewer slots.
        """
        if not 0 <= length <= self.length:
            raise ValueError(f"no length {length}: the cache has {self.length} slots")
        self._keys = [keys[:, :, :length] for keys in self._keys]
        self._values = [values[:, :, :length] for values in self._values]

    def keep(self, rows: Sequence[int] | torch.Tensor) -> None:
        """Keep the slots that are named, in that order, and forget the others.

        Raises:
            ValueError: there is no such slot.
        """
        rows = torch.as_tensor(rows, dtype=torch.long)
        if len(rows) and not 0 <= int(rows.min()) <= int(rows.max()) < self.length:
            raise ValueError(
                f"no rows {rows.tolist()}: the cache has {self.length} slots"
            )
        self._keys = [keys[:, :, rows] for keys in self._keys]
        self._values = [values[:, :, rows] for values in self._values]
