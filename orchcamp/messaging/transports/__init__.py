"""How messages leave. Below all other code: what ``open_transport`` gives decides who can be reached at all."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from orchcamp.web.errors import Refused

CHANNELS = frozenset({"email"})  # those that this version can hand messages over for


class Unreachable(Refused):
    """The server cannot be used at all now: it refuses the connection, the name, the password or the sender."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server said about one message. Code 0: it said nothing.

    ``begun`` tells whether the message's text was on its way when the answer was lost.
    """

    code: int
    text: str
    begun: bool = True

    @property
    def accepted(self) -> bool:
        return 200 <= self.code < 300

    @property
    def refused(self) -> bool:
        return self.code >= 500

    @property
    def lost(self) -> bool:
        """Nobody knows whether the message went out."""
        return self.code == 0 and self.begun


class Transport(Protocol):
    def open(self) -> None:
        """Connect now. Raises Unreachable with a sentence."""

    def send(self, sender: str, recipient: str, data: bytes, begin: object = None) -> Reply:
        """Hand over one message; ``begin`` is called at the last moment at which it can still not have gone out."""

    def close(self) -> None: ...


class Sealed:
    """Reaches nobody but the addresses given, whatever the code above it believes."""

    def __init__(self, transport: Transport, allowed: Collection[str]):
        self._transport = transport
        self._allowed = frozenset(address.strip().lower() for address in allowed)

    def open(self) -> None:
        self._transport.open()

    def send(self, sender: str, recipient: str, data: bytes, begin: object = None) -> Reply:
        if recipient.strip().lower() not in self._allowed:
            return Reply(550, "This transport reaches seed addresses only.", begun=False)
        return self._transport.send(sender, recipient, data, begin)

    def close(self) -> None:
        self._transport.close()
