"""Codes as an authenticator app computes them (RFC 6238), by nothing but the standard library."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time


def code(secret: str, at: float | None = None) -> str:
    counter = int((time.time() if at is None else at) // 30).to_bytes(8, "big")
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    place = digest[-1] & 15
    return f"{(int.from_bytes(digest[place : place + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


def wrong(secret: str) -> str:
    """Six digits that are the code of no moment near."""
    near = {code(secret, time.time() + 30 * step) for step in range(-3, 4)}
    return next(text for text in (f"{number:06}" for number in range(100)) if text not in near)


def secret_of(page: str) -> str:
    """What a page for setting up shows for typing."""
    return re.search(r'qr-secret">([A-Z2-7 ]+)<', page).group(1).replace(" ", "")
