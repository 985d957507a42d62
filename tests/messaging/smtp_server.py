"""A fast SMTP server for tests and benchmarks, in a process of its own: counts at the only place that counts.

``python -m tests.messaging.smtp_server PORT [FILE]`` writes a line per accepted message (address, message id) to FILE
before it answers. What it does is chosen by the recipient: ``+bounce@`` 550, ``+defer@`` 451 once per address, ``+always@`` 451,
``+spam@`` 554 after the text, ``+later@`` 451 after the text, ``+mute@`` takes the message and hangs up,
``+early@`` hangs up before it asks for the text.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MESSAGE_ID = re.compile(rb"^Message-ID: <([^@>]*)", re.MULTILINE | re.IGNORECASE)


class Session(asyncio.Protocol):
    deferred: set[bytes] = set()
    file = -1
    delay = float(os.environ.get("SMTP_DELAY", "0"))  # between taking a message and saying so

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport, self.buffer = transport, b""
        self.recipient, self.in_text = b"", False
        transport.write(b"220 test ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self.buffer = self.buffer + data if self.buffer else data
        answers: list[bytes] = []
        while self.buffer:
            end = self.buffer.find(b"\r\n.\r\n" if self.in_text else b"\r\n")
            if end < 0:
                break
            if self.in_text:
                text, self.buffer, self.in_text = self.buffer[:end], self.buffer[end + 5 :], False
                answers.append(self.text(text))
            else:
                line, self.buffer = self.buffer[:end], self.buffer[end + 2 :]
                answers.append(self.command(line))
        if self.transport.is_closing():
            return
        if self.delay and answers and answers[0].startswith(b"250 2.0.0"):
            asyncio.get_running_loop().call_later(self.delay, self.transport.write, b"".join(answers))
        else:
            self.transport.write(b"".join(answers))

    def command(self, line: bytes) -> bytes:
        verb = line[:4].upper()
        if verb == b"EHLO":
            return b"250-test\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
        if verb == b"MAIL":
            self.recipient = b""
            return b"550 not from you\r\n" if b"forbidden@" in line else b"250 ok\r\n"
        if verb == b"RCPT":
            return self.rcpt(line)
        if verb == b"DATA":
            self.in_text = bool(self.recipient)
            if b"+early@" in self.recipient:
                self.transport.abort()
            return b"354 go on\r\n" if self.recipient else b"503 no recipient\r\n"
        if verb == b"QUIT":
            self.transport.write(b"221 bye\r\n")
            self.transport.close()
            return b""
        return b"250 ok\r\n"

    def rcpt(self, line: bytes) -> bytes:
        address = line[line.find(b"<") + 1 : line.rfind(b">")]
        if b"+bounce@" in address:
            return b"550 5.1.1 no such user\r\n"
        if b"+always@" in address:
            return b"451 4.7.1 never now\r\n"
        if b"+defer@" in address and address not in self.deferred:
            self.deferred.add(address)
            return b"451 4.7.1 try again later\r\n"
        self.recipient = address
        return b"250 ok\r\n"

    def text(self, text: bytes) -> bytes:
        if b"+spam@" in self.recipient:
            return b"554 5.7.1 looks like spam\r\n"
        if b"+later@" in self.recipient and self.recipient not in self.deferred:
            self.deferred.add(self.recipient)
            return b"451 4.3.0 busy\r\n"
        if self.file >= 0:
            found = MESSAGE_ID.search(text)
            os.write(self.file, self.recipient + b"\t" + (found[1] if found else b"") + b"\n")
        if b"+mute@" in self.recipient:
            self.transport.abort()
        return b"250 2.0.0 ok\r\n"


async def serve(port: int, path: str | None) -> None:
    if path:
        Session.file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    server = await asyncio.get_running_loop().create_server(Session, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


@contextmanager
def running(port: int, path: Path | None = None, delay: float = 0) -> Iterator[subprocess.Popen]:
    """The server in its own process, ready to answer."""
    arguments = [sys.executable, "-m", "tests.messaging.smtp_server", str(port), *([str(path)] if path else [])]
    environment = os.environ | {"SMTP_DELAY": str(delay)}
    process = subprocess.Popen(arguments, cwd=Path(__file__).parents[2], env=environment, stdin=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def free_port() -> int:
    """A port that nobody listens on: tests of several checkouts may run at once."""
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_for(port: int, seconds: float = 10) -> None:
    import socket

    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def received(path: Path) -> Counter[str]:
    """Address → messages accepted."""
    lines = path.read_text().splitlines() if path.exists() else []
    return Counter(line.split("\t")[0] for line in lines)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None))
