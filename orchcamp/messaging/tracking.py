"""Addresses that recipients follow: signed over message, delivery and target, so that none can be made up or bent."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from urllib.parse import quote

from django.conf import settings

OPEN, CLICK, UNSUBSCRIBE = b"o", b"c", b"u"
_MAC = 16
_LINK = re.compile(r"""(<a(?:rea)?\s[^<>]*?\bhref\s*=\s*)(?:"([^"<>]*)"|'([^'<>]*)')""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Token:
    delivery: int
    message_id: str


@lru_cache(maxsize=8)
def _key(secret: str) -> bytes:
    return hashlib.sha256(b"orchcamp.messaging.tracking:" + secret.encode()).digest()


def _keys() -> Iterator[bytes]:
    yield _key(settings.SECRET_KEY)
    for secret in settings.SECRET_KEY_FALLBACKS:
        yield _key(secret)


def _mac(key: bytes, kind: bytes, subject: bytes, url: str) -> bytes:
    return hmac.digest(key, kind + subject + url.encode("utf-8", "replace"), "sha256")[:_MAC]


def token(kind: bytes, delivery: int, message_id: str, url: str = "") -> str:
    """What stands in the address; harmless in any URL."""
    subject = delivery.to_bytes(8, "big") + bytes.fromhex(message_id)
    signed = subject + _mac(_key(settings.SECRET_KEY), kind, subject, url)
    return base64.urlsafe_b64encode(signed).rstrip(b"=").decode("ascii")


def read(kind: bytes, text: str, url: str = "") -> Token | None:
    """The message that a token names, or None: bent, made up, or for another URL."""
    try:
        signed = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (ValueError, UnicodeError):
        return None
    subject, mac = signed[:-_MAC], signed[-_MAC:]
    if len(subject) != 24 or not any(hmac.compare_digest(mac, _mac(key, kind, subject, url)) for key in _keys()):
        return None
    return Token(int.from_bytes(subject[:8], "big"), subject[8:].hex())


@lru_cache(maxsize=4096)
def _quoted(url: str) -> str:
    return quote(url, safe="")


class Tracker:
    """Makes the addresses of one message after another of one delivery."""

    def __init__(self, delivery: int):
        self._delivery = delivery
        self._base = settings.BASE_URL.rstrip("/")
        self._own = self._base + "/t/"

    def unsubscribe(self, message_id: str) -> str:
        return f"{self._base}/t/u/{token(UNSUBSCRIBE, self._delivery, message_id)}"

    def click(self, message_id: str, url: str) -> str:
        return f"{self._base}/t/c/{token(CLICK, self._delivery, message_id, url)}?u={_quoted(url)}"

    def with_links(self, html: str, message_id: str) -> str:
        """The same HTML with every link of http or https leading through us; one pass."""

        def through(match: re.Match[str]) -> str:
            url = match[2] if match[2] is not None else match[3]
            url = unescape(url).strip() if "&" in url else url.strip()
            if not url.lower().startswith(("http://", "https://")) or url.startswith(self._own):
                return match[0]
            return f'{match[1]}"{self.click(message_id, url)}"'

        return _LINK.sub(through, html)

    def with_pixel(self, html: str, message_id: str) -> str:
        """The same HTML with the picture that tells of its opening."""
        address = f"{self._base}/t/o/{token(OPEN, self._delivery, message_id)}.gif"
        pixel = f'<img src="{address}" width="1" height="1" alt="">'
        place = html.rfind("</body>")
        return html + pixel if place < 0 else f"{html[:place]}{pixel}{html[place:]}"
