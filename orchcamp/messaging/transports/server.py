"""Where a configuration's messages go: its own server, or the one of ``EMAIL_URL``."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from django.conf import settings

from orchcamp.messaging import secrets
from orchcamp.messaging.models import ChannelConfiguration

from . import Unreachable

SECURITY = {"smtp": "none", "smtp+tls": "starttls", "smtps": "tls", "smtp+ssl": "tls"}
PORTS = {"none": 25, "starttls": 587, "tls": 465}


@dataclass(frozen=True)
class Server:
    """An SMTP server and how to sign in to it."""

    host: str
    port: int
    security: str  # a value of ChannelConfiguration.Security
    username: str = ""
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def server_of(configuration: ChannelConfiguration) -> Server:
    """The configuration's server, the one of ``EMAIL_URL`` where it names none. Raises Unreachable with a sentence."""
    if configuration.host:
        password = secrets.password(configuration) if configuration.username else ""
        return Server(configuration.host, configuration.port, configuration.security, configuration.username, password)
    if not settings.EMAIL_URL:
        raise Unreachable(
            f"“{configuration.label}” names no server, and EMAIL_URL is not set; name a server in the configuration."
        )
    return from_url(settings.EMAIL_URL)


def name_of(configuration: ChannelConfiguration) -> str:
    """What people may read about where messages went; asks for no password."""
    return f"{configuration.host}:{configuration.port}" if configuration.host else "the server of EMAIL_URL"


def from_url(url: str) -> Server:
    """``smtp://``, ``smtp+tls://`` (STARTTLS) or ``smtps://user:password@host:port``; what is special, percent-encoded."""
    try:
        parts = urlsplit(url)
        security, host, port = SECURITY[parts.scheme], parts.hostname or "", parts.port
    except (KeyError, ValueError):
        security, host, port = "", "", None
    if not host:
        raise Unreachable("EMAIL_URL cannot be read; write it as smtp+tls://user:password@host:587.")
    return Server(host, port or PORTS[security], security, unquote(parts.username or ""), unquote(parts.password or ""))
