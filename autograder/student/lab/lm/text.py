"""Characters and their ids."""

from __future__ import annotations

from collections.abc import Iterable

import torch

#: Every character that the model knows, in the order of their ids.
VOCABULARY = " \n" + "".join(chr(code) for code in range(ord("!"), ord("~") + 1))
#: The id that ends a text; it stands for no character.
END = len(VOCABULARY)

_IDS = {character: number for number, character in enumerate(VOCABULARY)}


def encode(text: str) -> torch.Tensor:
    """Return the ids of a text's characters, (len(text),) int64.

    Raises:
        ValueError: a character is not in `VOCABULARY`.
    """
    unknown = [character for character in text if character not in _IDS]
    if unknown:
        raise ValueError(f"the model does not know the character {unknown[0]!r}")
    return torch.tensor([_IDS[character] for character in text], dtype=torch.long)


def decode(ids: torch.Tensor | Iterable[int]) -> str:
    """Return the characters of ids; `END` becomes none.

    Raises:
        ValueError: an id is not of 0 to `END`.
    """
    numbers = [int(number) for number in ids]
    wrong = [number for number in numbers if not 0 <= number <= END]
    if wrong:
        raise ValueError(f"no id {wrong[0]}: they are 0 to {END}")
    return "".join(VOCABULARY[number] for number in numbers if number != END)
