"""What was made lately, kept in this process so that it is not made again, and bounded."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

V = TypeVar("V")


class Recent(Generic[V]):
    """Values by what they were made from: a key must tell everything that its value depends on.

    At least the ``most`` values that were asked for last are kept, and at most twice as many: when a generation is full
    the one before it goes. So a look costs one hash, and needs no lock: at worst a value is made twice.
    """

    def __init__(self, most: int):
        self.most = most
        self._young: dict[Hashable, V] = {}
        self._old: dict[Hashable, V] = {}

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """The value of a key, made if it is not here."""
        young = self._young
        try:
            return young[key]
        except KeyError:
            pass
        try:
            value = self._old[key]
        except KeyError:
            value = make()
        if len(young) >= self.most:
            self._old, self._young = young, {}
        self._young[key] = value
        return value

    def clear(self) -> None:
        self._young, self._old = {}, {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)


class Same:
    """A key that is equal to none but the very same object, which it keeps alive."""

    __slots__ = ("it",)

    def __init__(self, it: object):
        self.it = it

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.it is other.it

    def __hash__(self) -> int:
        return id(self.it)
