"""A rank's end of the network: what a program sees of it, and nothing else."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Call = Callable[..., Any]

_KINDS = "biufc"  # booleans, integers, floating-point and complex numbers


class Request:
    """A message on its way; `wait()` returns once its array may be changed again."""

    def __init__(self, link: Link, number: int) -> None:
        self._link, self._number = link, number

    def wait(self) -> None:
        """Block until the network has taken the array. Waiting twice does no harm."""
        self._link._wait(self._number)


class Link:
    """Sends arrays to other ranks and receives theirs.

    Messages between two ranks arrive in the order in which they were sent. Arrays are
    copied when they are sent; dtype and shape travel along, free of charge: a message
    is metered as `array.nbytes` bytes, and counted. So shapes may say little: at most
    four axes, and (0,) where an array has no elements.
    """

    def __init__(self, rank: int, n: int, call: Call) -> None:
        """Make a link.

        Args:
            rank: whose end it is, 0 to n - 1.
            n: how many ranks there are.
            call: `call(operation, *arguments)` asks the network and blocks.
        """
        self.rank, self.n = rank, n
        self._call = call
        # Arrays handed to isend and not waited for, with the bytes that they had.
        self._lent: dict[int, tuple[int, Array, bytes]] = {}

    def send(self, to: int, array: Array) -> None:
        """Send an array; block until the link has room for it.

        Args:
            to: the rank that receives it.
            array: a NumPy array of numbers, of any shape.
        """
        to, array = self._checked("send", to, array)
        self._call("send", to, array)

    def recv(self, source: int) -> Array:
        """Block until the next array from a rank is there; return it.

        Args:
            source: the rank that sends it.
        """
        return self._call("recv", self._other("recv", source))  # type: ignore[no-any-return]

    def isend(self, to: int, array: Array) -> Request:
        """Begin to send an array and return at once.

        The array belongs to the network until the request's `wait()` returns:
        changing it before is an error.
        """
        to, array = self._checked("isend", to, array)
        number: int = self._call("isend", to, array)
        self._lent[number] = (to, array, array.tobytes())
        return Request(self, number)

    def _wait(self, number: int) -> None:
        self._look()
        self._call("wait", number)
        self._lent.pop(number, None)

    def _other(self, verb: str, rank: int) -> int:
        self._look()
        try:
            rank = operator.index(rank)
        except TypeError:
            kind = type(rank).__name__
            raise TypeError(f"{verb} takes a rank's number, not a {kind}") from None
        if not 0 <= rank < self.n:
            raise ValueError(f"{verb}: no rank {rank}, there are 0 to {self.n - 1}")
        if rank == self.rank:
            raise ValueError(f"{verb}: rank {rank} needs no link to itself")
        return rank

    def _checked(self, verb: str, to: int, array: Any) -> tuple[int, Array]:
        if not isinstance(array, np.ndarray):
            kind = type(array).__name__
            raise TypeError(f"{verb} takes a NumPy array, not a {kind}")
        if array.dtype.kind not in _KINDS:
            raise TypeError(f"{verb} takes numbers, not an array of {array.dtype}")
        return self._other(verb, to), array

    def _look(self) -> None:
        """Refuse to go on when an array changed while the network had it.

        The network may take the bytes at any time before `wait()` returns, so what
        the other rank gets would depend on timing.
        """
        for to, array, before in self._lent.values():
            if array.tobytes() != before:
                self._lent.clear()
                raise RuntimeError(
                    f"rank {self.rank} changed the array of its isend to {to}"
                    " before wait()"
                )
