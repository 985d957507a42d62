"""Passwords of channel configurations: kept encrypted, or named as a variable of the environment; never shown."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

from .models import ChannelConfiguration
from .transports import Unreachable


def _key() -> bytes:
    """The key of this installation, made once, readable by its owner only."""
    folder = Path(settings.DATA_DIR) / "keys"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "channels"
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(descriptor, "wb") as file:
        file.write(Fernet.generate_key())
    return path.read_bytes()


def encrypted(password: str) -> str:
    return Fernet(_key()).encrypt(password.encode()).decode()


def password(configuration: ChannelConfiguration) -> str:
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
