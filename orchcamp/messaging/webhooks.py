"""POSTs to other programs: signed, with an idempotency key, to the public internet only unless it is allowed."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import random
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from orchcamp.web.errors import Refused

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
SIGNATURE, MOMENT, IDEMPOTENCY = "X-Orchcamp-Signature", "X-Orchcamp-Timestamp", "Idempotency-Key"
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # IPv6 that a gateway turns into any IPv4 address
LONGEST_WAIT = 3600.0
PATIENCE = 15.0  # seconds that are waited here; for longer the worker is let go
LONGEST_ANSWER = 4096
ANSWER_KEPT = 200  # characters of an answer that a reason quotes


class Unusable(Refused):
    """An address that is not called, or a program that does not answer; the sentence says why."""


class Later(Exception):
    """The next try is so far off that nobody should stand and wait for it."""

    def __init__(self, seconds: float, tried: int):
        self.seconds, self.tried = seconds, tried
        super().__init__(seconds)


@dataclass(frozen=True)
class Answer:
    """What the other program said in the end."""

    status: int
    text: str

    @property
    def taken(self) -> bool:
        return 200 <= self.status < 300

    @property
    def reason(self) -> str:
        return _("answered %(status)d %(text)s") % {"status": self.status, "text": self.text}


def check(url: str) -> str:
    """The address, if it may be called as it is written. Raises Unusable."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
        host.encode("idna")
        httpx.URL(url)
    except (ValueError, httpx.InvalidURL):
        raise Unusable(_("“%(url)s” is no web address.") % {"url": url[:200]}) from None
    if parts.scheme not in {"http", "https"} or not host or "@" in parts.netloc or not url.isascii():
        raise Unusable(
            _("“%(url)s” is no web address; write one such as https://example.org/hook.") % {"url": url[:200]}
        )
    allowed = {host, f"{host}:{port}"} & set(settings.WEBHOOK_HOSTS)
    if parts.scheme == "http" and not allowed:
        raise Unusable(_("“%(host)s” must be called by https, or allowed by ORCHCAMP_WEBHOOK_HOSTS.") % {"host": host})
    if not allowed and host in LOOPBACK:
        raise Unusable(_inside(host))
    return url


def _inside(host: str) -> str:
    return _("“%(host)s” is in a private network; ORCHCAMP_WEBHOOK_HOSTS can allow it.") % {"host": host}


def _address(url: str) -> str:
    """The network address that is called: looked up once, so that it cannot change after it was judged."""
    parts = urlsplit(check(url))
    host = (parts.hostname or "").lower()
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = [entry[4][0] for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except OSError:
        raise httpx.ConnectError(_("there is no host “%(host)s”") % {"host": host}) from None
    if not {host, f"{host}:{parts.port}"} & set(settings.WEBHOOK_HOSTS):
        for address in found:
            if not _is_public(str(address).split("%")[0]):
                raise Unusable(_inside(host))
    return str(found[0])


def _is_public(address: str) -> bool:
    """Whether an address is one of the internet's, and no way of writing another address leads inside."""
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        if found in TRANSLATED or found.sixtofour or found.teredo:
            return False
        found = found.ipv4_mapped or found
    return found.is_global and not found.is_multicast


def signature(secret: str, moment: str, body: bytes) -> str:
    """HMAC-SHA256 of moment, a point and the body, as ``sha256=…``."""
    return "sha256=" + hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()


@dataclass
class Caller:
    """Posts bodies to one address, trying again what may come right by itself."""

    url: str
    headers: Mapping[str, str]
    secret: str = ""
    seconds: float = 20.0
    tries: int = 5
    first_wait: float = 1.0
    sleep: Callable[[float], None] = time.sleep

    def post(self, body: bytes, key: str, tried: int = 0) -> Answer:
        """Hand over one body, after so many tries. Raises Unusable when nobody took it after all of them, and Later."""
        why = ""
        for attempt in range(tried + 1, self.tries + 1):
            after: float | None = None
            try:
                response = self._once(body, key)
                answer = Answer(response.status_code, " ".join(response.text.split())[:ANSWER_KEPT])
                if response.status_code != 429 and response.status_code < 500:
                    return answer
                why, after = answer.reason, _retry_after(response)
            except httpx.HTTPError as error:
                why = str(error) or type(error).__name__
            if attempt < self.tries:
                wait = self._wait(attempt, after)
                if wait > PATIENCE:
                    raise Later(wait, attempt)
                self.sleep(wait)
        sentence = _("%(url)s could not be reached after %(n)d tries: %(why)s.")
        raise Unusable(sentence % {"url": self.url.split("?")[0], "n": self.tries, "why": why})

    def _once(self, body: bytes, key: str) -> httpx.Response:
        parts, address = urlsplit(self.url), _address(self.url)
        moment = str(int(timezone.now().timestamp()))
        headers = {**self.headers, "Content-Type": "application/json", IDEMPOTENCY: key, MOMENT: moment}
        if self.secret:
            headers[SIGNATURE] = signature(self.secret, moment, body)
        headers["Host"] = parts.netloc
        place = httpx.URL(self.url).copy_with(host=address)
        names = {"sni_hostname": parts.hostname or ""}
        with (
            httpx.Client(timeout=self.seconds, follow_redirects=False, trust_env=False) as client,
            client.stream("POST", place, content=body, headers=headers, extensions=names) as response,
        ):
            read, begun = b"", time.monotonic()
            for chunk in response.iter_raw():
                read += chunk
                if len(read) > LONGEST_ANSWER or time.monotonic() - begun > self.seconds:
                    break
            kept = {name: response.headers[name] for name in ("Retry-After",) if name in response.headers}
            return httpx.Response(response.status_code, headers=kept, content=read[:LONGEST_ANSWER])

    def _wait(self, attempt: int, after: float | None) -> float:
        if after is not None:
            return min(after, LONGEST_WAIT)
        return min(self.first_wait * 2 ** (attempt - 1), LONGEST_WAIT) * (0.75 + random.random() / 2)  # noqa: S311


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds until the program wants to be asked again, as it says."""
    said = response.headers.get("Retry-After", "")
    if said.isascii() and said.isdigit():
        return float(said)
    try:
        return max(0.0, (parsedate_to_datetime(said) - timezone.now()).total_seconds()) if said else None
    except (TypeError, ValueError):
        return None
