"""A file onto an SFTP server whose key is known: under a temporary name, checked, then renamed.

Importing this module costs most of a second, so whoever needs it imports it then.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path, PurePosixPath

import asyncssh
from django.utils.translation import gettext as _

from . import secrets
from .models import Connection
from .transfers import CHUNK, SIDE, TransferError

SECONDS = 30  # to connect and sign in


def put(file: Path, there: Connection, folder: str, name: str, *, digest: str, key: str, checksum: bool) -> None:
    """Put a file onto a server under a name; doing it again is doing it once. Raises TransferError."""
    place = str(PurePosixPath(folder or ".") / name)
    try:
        asyncio.run(_put(there, file, place, digest, key, checksum))
    except TransferError:
        raise
    except asyncssh.HostKeyNotVerifiable:
        raise _failed(there, _("its key is not the one that is trusted")) from None
    except asyncssh.PermissionDenied:
        raise _failed(there, _("it does not take the user or the secret")) from None
    except asyncssh.SFTPError as error:
        raise _failed(there, f"{name}: {error.reason}") from None
    except (asyncssh.Error, OSError, TimeoutError) as error:
        why = getattr(error, "reason", "") or getattr(error, "strerror", "") or str(error) or _("no answer")
        raise _failed(there, why) from None


def is_key(text: str) -> bool:
    """Whether a text is a public key of a server."""
    try:
        return bool(asyncssh.import_public_key(text))
    except asyncssh.KeyImportError:
        return False


def _failed(there: Connection, why: str) -> TransferError:
    sentence = _("The file could not be put onto “%(label)s” (%(host)s): %(why)s.")
    return TransferError(sentence % {"label": there.label, "host": there.host, "why": why})


def _key(there: Connection) -> asyncssh.SSHKey:
    if not there.host_key.strip():
        raise _failed(there, _("no host key is trusted yet; enter it in the connection"))
    try:
        return asyncssh.import_public_key(there.host_key.strip())
    except asyncssh.KeyImportError:
        raise _failed(there, _("the host key in the connection cannot be read")) from None


def _identity(there: Connection) -> dict[str, object]:
    """How to sign in: a private key or a password, whichever the secret is."""
    secret = secrets.password(there)
    if "-----BEGIN" in secret:
        try:
            return {"client_keys": [asyncssh.import_private_key(secret)], "password": None}
        except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError):
            raise _failed(there, _("its private key cannot be read; it must have no passphrase")) from None
    return {"client_keys": None, "password": secret}


async def _put(there: Connection, file: Path, place: str, digest: str, key: str, checksum: bool) -> None:
    options = asyncssh.SSHClientConnectionOptions(
        known_hosts=([_key(there)], [], []),
        username=there.username,
        config=None,
        agent_path=None,
        connect_timeout=SECONDS,
        login_timeout=SECONDS,
        keepalive_interval=15,
        keepalive_count_max=4,
        **_identity(there),
    )
    async with (
        asyncssh.connect(there.host, there.port, options=options) as link,
        link.start_sftp_client() as server,
    ):
        if checksum and await _is_there(server, file, place, digest):
            return
        folder = PurePosixPath(place).parent
        part = str(folder / f".{key}.part")
        await _copy(server, file, part)
        if (await server.stat(part)).size != file.stat().st_size:
            raise _failed(there, _("the file arrived with another size"))
        await _rename(server, part, place)
        if checksum:
            side = str(folder / f".{key}.sum")
            async with server.open(side, "wb") as target:
                await target.write(f"{digest}  {PurePosixPath(place).name}\n".encode())
            await _rename(server, side, place + SIDE)


async def _is_there(server: asyncssh.SFTPClient, file: Path, place: str, digest: str) -> bool:
    """Whether an earlier attempt put this very content there."""
    with contextlib.suppress(asyncssh.SFTPError):
        if (await server.stat(place)).size == file.stat().st_size:
            async with server.open(place + SIDE, "rb") as side:
                return await side.read(64) == digest.encode()
    return False


async def _copy(server: asyncssh.SFTPClient, file: Path, part: str) -> None:
    async with server.open(part, "wb") as target:
        with file.open("rb") as source:
            while chunk := source.read(CHUNK):
                await target.write(chunk)


async def _rename(server: asyncssh.SFTPClient, part: str, place: str) -> None:
    """Give a file its name, in place of one that may be there."""
    try:
        await server.posix_rename(part, place)
    except asyncssh.SFTPOpUnsupported:
        with contextlib.suppress(asyncssh.SFTPError):
            await server.remove(place)
        await server.rename(part, place)
