"""Secrets of channel configurations and connections: kept encrypted, or named as a variable of the environment; never shown."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

from orchcamp.web import keys

from .models import ChannelConfiguration, Connection
from .transports import Unreachable


def _key() -> str:
    """The key of this installation."""
    return keys.kept(Path(settings.DATA_DIR) / "keys" / "channels", lambda: Fernet.generate_key().decode())


def encrypted(password: str) -> str:
    return Fernet(_key()).encrypt(password.encode()).decode()


def password(configuration: ChannelConfiguration | Connection) -> str:
    """The password in the clear, for the connection only. Raises Unreachable with a sentence."""
    if name := configuration.secret_variable:
        try:
            return os.environ[name]
        except KeyError:
            raise Unreachable(
                f"The password of “{configuration.label}” is to come from the environment variable {name}, "
                "which is not set."
            ) from None
    if not configuration.secret:
        return ""
    try:
        return Fernet(_key()).decrypt(configuration.secret.encode()).decode()
    except (InvalidToken, ValueError):
        raise Unreachable(
            f"The stored password of “{configuration.label}” cannot be read with this installation’s key; "
            "type it in again."
        ) from None
