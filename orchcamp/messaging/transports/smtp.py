"""SMTP over a connection that is kept, with pipelining where the server offers it.

When may a message be sent again? It goes out at the server's answer to the end of its text, so:

* before ``begin`` (the envelope was not accepted, or the connection broke there) nothing can have gone out: again;
* after ``begin`` an answer decides: 2xx accepted, 4xx again later, 5xx refused;
* after ``begin`` without an answer nobody knows: in doubt, never again by itself.
"""

from __future__ import annotations

import contextlib
import os
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any

from orchcamp.messaging.models import ChannelConfiguration

from . import Reply, Unreachable
from .server import Server, server_of

CONNECT_SECONDS = 15
REPLY_SECONDS = 30
FINAL_SECONDS = 90  # a server may look at the whole message before it answers; still well under a lease
MESSAGES_PER_CONNECTION = 2_000
_kept = threading.local()


class _Broken(Exception):
    """The connection is gone, or the other side speaks no SMTP."""


def kept(configuration: ChannelConfiguration) -> Smtp:
    """This thread's connection for a configuration, as long as nothing about its server changes."""
    facts = tuple(
        str(getattr(configuration, name))
        for name in ("host", "port", "security", "username", "secret", "secret_variable")
    )
    connections = _kept.__dict__.setdefault("connections", {})
    place = (os.getpid(), configuration.pk)
    known, transport = connections.get(place, (None, None))
    if known != facts:
        if transport is not None:
            transport.close()
        transport = Smtp(configuration)
        connections[place] = (facts, transport)
    return transport


class Smtp:
    """One connection to the server of a channel configuration, opened when it is needed."""

    def __init__(self, configuration: ChannelConfiguration):
        self._configuration = configuration
        self._server: Server | None = None
        self._client: smtplib.SMTP | None = None
        self._socket: Any = None
        self._lines: Any = None
        self._pipelining = False
        self._sent = 0

    def open(self) -> None:
        """Connect, secure and sign in. Raises Unreachable with a sentence."""
        if self._client is not None:
            return
        given = self._server = server_of(self._configuration)
        try:
            client = _connect(given)
            client.ehlo_or_helo_if_needed()
            if given.security == "starttls":
                client.starttls(context=ssl.create_default_context())
                client.ehlo()
            if given.username:
                client.login(given.username, given.password)
        except smtplib.SMTPAuthenticationError as error:
            raise Unreachable(f"{self._place} refused user “{given.username}”: {_said(error)}.") from None
        except smtplib.SMTPNotSupportedError as error:
            raise Unreachable(f"{self._place} does not offer what the configuration asks for: {error}") from None
        except smtplib.SMTPResponseException as error:
            raise Unreachable(f"{self._place} answered {error.smtp_code}: {_said(error)}.") from None
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            raise Unreachable(f"{self._place} cannot be reached: {error}.") from None
        self._client, self._socket, self._lines = client, client.sock, client.sock.makefile("rb")
        self._pipelining, self._sent = client.has_extn("pipelining"), 0

    @property
    def _place(self) -> str:
        return f"The server {self._server}"

    def check(self) -> str:
        """Connect and ask whether the server is there; what it said. Raises Unreachable."""
        try:
            self.open()
            self._socket.sendall(b"NOOP\r\n")
            return self._reply(REPLY_SECONDS).text
        except (_Broken, OSError) as error:
            raise Unreachable(f"{self._place} hung up: {error}.") from None
        finally:
            self.close()

    def send(self, sender: str, recipient: str, data: bytes, begin: Callable[[], None] | None = None) -> Reply:
        """Hand over one message. Raises Unreachable only when no connection can be had."""
        if self._client is not None and self._sent >= MESSAGES_PER_CONNECTION:
            self.close()
        kept = self._client is not None
        self.open()
        try:
            refusal = self._envelope(sender, recipient)
        except (_Broken, OSError) as error:
            self._drop()
            if kept:  # a server may hang up on a connection that has been idle: once more on a new one
                return self.send(sender, recipient, data, begin)
            return Reply(0, f"The connection broke before the message was begun: {error}", begun=False)
        if refusal:
            return refusal
        if begin:
            begin()
        try:
            self._socket.sendall(_stuffed(data) + b".\r\n")
            reply = self._reply(FINAL_SECONDS)
        except (_Broken, OSError) as error:
            self._drop()
            return Reply(0, f"The connection broke before the server answered: {error}")
        self._sent += 1
        if reply.code == 421:
            self._drop()
        return reply

    def _envelope(self, sender: str, recipient: str) -> Reply | None:
        """Sender, recipient and DATA; None when the server waits for the text, else why it does not."""
        commands = (f"MAIL FROM:<{_path(sender)}>\r\n", f"RCPT TO:<{_path(recipient)}>\r\n", "DATA\r\n")
        if self._pipelining:
            self._socket.sendall("".join(commands).encode("ascii"))
            replies = [self._reply(REPLY_SECONDS) for _ in commands]
        else:
            replies = []
            for command in commands:
                self._socket.sendall(command.encode("ascii"))
                replies.append(self._reply(REPLY_SECONDS))
                if replies[-1].code >= 400:
                    break
        if replies[-1].code == 354 and len(replies) == len(commands):
            if all(reply.accepted for reply in replies[:-1]):
                return None
            self._drop()  # the server wants a text that has no recipient: hang up instead
        if replies[0].code >= 400 and replies[0].code != 421:  # about the sender, hence about every message
            self._drop()
            raise Unreachable(f"{self._place} refused the sender {sender}: {replies[0].code} {replies[0].text}.")
        bad = next(reply for reply in replies if reply.code >= 400 or reply is replies[-1])
        if bad.code == 421 or bad.code < 400:
            self._drop()
        elif self._client is not None:
            self._reset()
        return Reply(bad.code if bad.code >= 400 else 0, bad.text, begun=False)

    def _reset(self) -> None:
        self._socket.sendall(b"RSET\r\n")
        self._reply(REPLY_SECONDS)

    def _reply(self, seconds: float) -> Reply:
        """One reply of one or several lines."""
        if self._socket.gettimeout() != seconds:
            self._socket.settimeout(seconds)
        texts = []
        while True:
            line = self._lines.readline(8192)
            if not line.endswith(b"\n"):
                raise _Broken("the server hung up" if not line else "a line of the server’s is too long")
            if not line[:3].isdigit():
                raise _Broken("the server does not speak SMTP")
            texts.append(line[4:].strip())
            if line[3:4] != b"-":
                return Reply(int(line[:3]), b" ".join(texts).decode("utf-8", "replace"), begun=True)

    def _drop(self) -> None:
        """Forget the connection without a word."""
        for thing in (self._lines, self._client):
            if thing is not None:
                with contextlib.suppress(OSError):
                    thing.close()
        self._client = self._lines = self._socket = None

    def close(self) -> None:
        """Say goodbye and hang up."""
        if self._client is not None:
            with contextlib.suppress(OSError, _Broken, socket.timeout):
                self._socket.sendall(b"QUIT\r\n")
                self._reply(2)
        self._drop()


def _connect(server: Server) -> smtplib.SMTP:
    if server.security == "tls":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=CONNECT_SECONDS, context=ssl.create_default_context())
    return smtplib.SMTP(server.host, server.port, timeout=CONNECT_SECONDS)


def _path(address: str) -> str:
    """An address that cannot end its command early."""
    if not address.isascii() or any(character in "<>\r\n\0 " for character in address):
        raise ValueError(f"{address!r} is no address")
    return address


def _stuffed(data: bytes) -> bytes:
    """The text as the wire wants it: a dot at the start of a line doubled, ended by a line end."""
    if data.startswith(b"."):
        data = b"." + data
    return data.replace(b"\r\n.", b"\r\n..") if b"\r\n." in data else data


def _said(error: smtplib.SMTPResponseException) -> str:
    text = error.smtp_error
    return (text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)).strip().rstrip(".")
