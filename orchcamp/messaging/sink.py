"""The demo's mailbox: a real SMTP server on this machine that keeps what it gets in files."""

from __future__ import annotations

import json
import os
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from django.conf import settings

_ID = re.compile(r"[0-9]{20}-[0-9a-f]{8}")
DEFERRALS = 2  # how often an address with +defer is told to come again
MAX_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Mail:
    """One line of the mailbox."""

    id: str
    at: datetime
    sender: str
    recipient: str
    subject: str


def folder() -> Path:
    return Path(settings.DATA_DIR) / "sink"


class Mailbox:
    """What the server does with an envelope. Addresses with ``+bounce@`` are refused, ``+defer@`` put off at first."""

    def __init__(self) -> None:
        self._deferred: dict[str, int] = {}

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if "+bounce@" in address:
            return "550 5.1.1 This mailbox does not exist (demo)"
        if "+defer@" in address and self._deferred.get(address, 0) < DEFERRALS:
            self._deferred[address] = self._deferred.get(address, 0) + 1
            return "451 4.7.1 Come again later (demo)"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        try:
            for recipient in envelope.rcpt_tos:
                keep(envelope.content, envelope.mail_from or "", recipient)
        except OSError:
            return "451 4.3.0 The mail cannot be kept now"
        return "250 2.0.0 Kept"


def keep(data: bytes, sender: str, recipient: str) -> str:
    """Store one mail; its id sorts by time."""
    place = folder()
    place.mkdir(parents=True, exist_ok=True)
    id = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
    (place / f".{id}.part").write_bytes(data)
    os.rename(place / f".{id}.part", place / f"{id}.eml")
    subject = str(message_from_bytes(data.partition(b"\r\n\r\n")[0], policy=policy.default).get("Subject", ""))
    line = json.dumps({"id": id, "from": sender, "to": recipient, "subject": subject}) + "\n"
    descriptor = os.open(place / "index.jsonl", os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o644)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)
    return id


def mails(query: str = "") -> list[Mail]:
    """The mailbox, newest first; with a query those whose recipient or subject holds it."""
    wanted = query.strip().lower()
    return [m for m in _index() if not wanted or wanted in f"{m.recipient}\n{m.subject}\n{m.sender}".lower()]


def _index() -> Iterator[Mail]:
    path = folder() / "index.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    for line in reversed(lines):
        try:
            facts = json.loads(line)
        except ValueError:
            continue  # torn by a kill
        at = datetime.fromtimestamp(int(facts["id"][:20]) / 1e9, UTC)
        yield Mail(facts["id"], at, facts["from"], facts["to"], facts["subject"])


def read(id: str) -> EmailMessage | None:
    """One mail, or None when there is none of this id."""
    path = folder() / f"{id}.eml"
    if not _ID.fullmatch(id) or not path.exists():
        return None
    return message_from_bytes(path.read_bytes(), policy=policy.default)  # type: ignore[return-value]


def part(mail: EmailMessage, kind: str) -> str:
    """The HTML or plain part as text; empty when there is none."""
    found = mail.get_body((kind,))
    if found is None:
        return ""
    data = found.get_payload(decode=True)
    return data.decode(found.get_content_charset() or "utf-8", "replace") if isinstance(data, bytes) else ""


def controller() -> Controller:
    """The server, on this machine's own address only."""
    return Controller(
        Mailbox(), hostname="127.0.0.1", port=settings.SINK_PORT, data_size_limit=MAX_BYTES, ident="Orchcamp demo"
    )
