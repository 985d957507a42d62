"""The bytes of a message, put together without the general machinery of ``email``: that one is too slow for a batch."""

from __future__ import annotations

import re
import time
from binascii import b2a_base64, b2a_qp
from email.utils import formatdate
from functools import lru_cache

_ATOM = re.compile(r"[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]+")
_CONTROLS = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]+")
_WORD_BYTES = 42  # of UTF-8 in one encoded word: 56 characters of base64 and 12 around them, in a line of 76
_PART = (
    b'--%(boundary)s\r\nContent-Type: text/%(kind)s; charset="utf-8"\r\n'
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
)


def encoded_words(text: str) -> str:
    """RFC 2047: base64 words that never cut a character, folded one a line."""
    words, chunk = [], b""
    for character in text:
        more = character.encode("utf-8", "replace")
        if len(chunk) + len(more) > _WORD_BYTES:
            words.append(chunk)
            chunk = b""
        chunk += more
    words.append(chunk)
    return "\r\n ".join(f"=?utf-8?b?{b2a_base64(word, newline=False).decode()}?=" for word in words)


@lru_cache(maxsize=512)
def header_text(text: str) -> str:
    """An unstructured header's value: as it is where ASCII and short, encoded otherwise; never a line break."""
    text = _CONTROLS.sub(" ", text).strip()
    return text if len(text) <= 60 and text.isascii() and "=?" not in text else encoded_words(text)


def mailbox(name: str, address: str) -> str:
    """``Name <address>`` as a header wants it."""
    name = _CONTROLS.sub(" ", name).strip()
    if not name:
        return address
    if not name.isascii() or len(name) > 40 or "=?" in name:
        return f"{encoded_words(name)}\r\n <{address}>"
    if _ATOM.fullmatch(name):
        return f"{name} <{address}>"
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + f'" <{address}>'


def wire_address(address: str) -> str:
    """The address as ASCII: an international domain by its punycode. Raises UnicodeError when there is none."""
    if address.isascii():
        return address
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.encode('idna').decode()}".encode("ascii").decode()


def quoted_printable(text: str) -> bytes:
    """The body's lines with CRLF ends; decodes to exactly the text with plain line ends."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    # The line end added makes b2a_qp break its own lines by CRLF, and protects a space at the very end.
    return b2a_qp(text.replace("\n", "\r\n").encode("utf-8", "replace") + b"\r\n", istext=True)[:-2]


class Assembler:
    """Makes messages of one delivery: what is the same in all of them is made once."""

    def __init__(self, sender_name: str, sender_address: str, reply_to: str = ""):
        self._domain = wire_address(sender_address).rpartition("@")[2]
        head = [f"From: {mailbox(sender_name, wire_address(sender_address))}"]
        if reply_to:
            head.append(f"Reply-To: {wire_address(reply_to)}")
        self._head = "\r\n".join([*head, "MIME-Version: 1.0", ""])
        self._second, self._date = 0, ""

    def message(
        self, message_id: str, recipient: str, subject: str, html: str, text: str, unsubscribe: str = ""
    ) -> bytes:
        """The whole message. ``message_id`` is ours (hexadecimal); ``unsubscribe`` the address for one click."""
        boundary = f"=_{message_id}"  # quoted-printable writes "=" as "=3D": it cannot stand in a body
        leave = (
            f"List-Unsubscribe: <{unsubscribe}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
            if unsubscribe
            else ""
        )
        head = (
            f"{self._head}Date: {self._now()}\r\nMessage-ID: <{message_id}@{self._domain}>\r\nTo: {recipient}\r\n"
            f"Subject: {header_text(subject)}\r\n{leave}"
            f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'
        ).encode("ascii")
        edge = boundary.encode("ascii")
        return b"".join(
            (
                head,
                _PART % {b"boundary": edge, b"kind": b"plain"},
                quoted_printable(text),
                b"\r\n",
                _PART % {b"boundary": edge, b"kind": b"html"},
                quoted_printable(html),
                b"\r\n--",
                edge,
                b"--\r\n",
            )
        )

    def _now(self) -> str:
        second = int(time.time())
        if second != self._second:
            self._second, self._date = second, formatdate(second)
        return self._date
