"""Files put where other programs find them: a folder that is allowed, or an SFTP server whose key is known.

A file is written under a temporary name and renamed, so that nobody ever reads half of it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from orchcamp.web.errors import Refused

from .models import Connection

CHUNK = 1024 * 1024
SIDE = ".sha256"


class TransferError(Refused):
    """A file that could not be put where it was to go; the sentence says why."""


@dataclass(frozen=True)
class Sent:
    """Where a file went, in words, and its digest."""

    place: str
    digest: str


def digest_of(file: Path) -> str:
    """The SHA-256 of a file's content."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def connection(slug: str, kind: str) -> Connection:
    """An active connection. Raises TransferError when there is none."""
    found = Connection.objects.filter(slug=slug, kind=kind, active=True).first()
    if found is None:
        raise TransferError(_("There is no active connection “%(slug)s”; choose another.") % {"slug": slug})
    return found


# --- Folders -----------------------------------------------------------------------------------------


def allowed(folder: str) -> Path:
    """The folder, if it is one of those that files may be put into, or lies in one. Raises TransferError."""
    place = Path(folder).resolve()
    if not any(place == root or root in place.parents for root in settings.TRANSFER_DIRS):
        names = ", ".join(map(str, settings.TRANSFER_DIRS)) or _("none")
        raise TransferError(
            _("Files may not be put into %(folder)s; ORCHCAMP_TRANSFER_DIRS allows: %(names)s.")
            % {"folder": folder, "names": names}
        )
    return place


def to_folder(file: Path, folder: str, name: str, *, key: str, checksum: bool = True) -> Sent:
    """Put a file into an allowed folder under a name; doing it again is doing it once."""
    place, digest = allowed(folder) / name, digest_of(file)
    try:
        if not (place.is_file() and place.stat().st_size == file.stat().st_size and digest_of(place) == digest):
            part = place.with_name(f".{key}.part")
            try:
                with file.open("rb") as source, part.open("wb") as target:
                    shutil.copyfileobj(source, target, CHUNK)
                    target.flush()
                    os.fsync(target.fileno())
                if digest_of(part) != digest:
                    raise TransferError(_("%(name)s was damaged on its way to %(folder)s; try again.") % _where(place))
                part.replace(place)
            finally:
                part.unlink(missing_ok=True)
        if checksum:
            side = place.with_name(f".{key}.sum")
            side.write_text(f"{digest}  {name}\n")
            side.replace(place.with_name(name + SIDE))
    except OSError as error:
        why = error.strerror or error.__class__.__name__
        raise TransferError(
            _("%(name)s cannot be put into %(folder)s: %(why)s.") % {**_where(place), "why": why}
        ) from None
    return Sent(_("folder %(folder)s") % {"folder": place.parent}, digest)


def _where(place: Path) -> dict[str, str]:
    return {"name": place.name, "folder": str(place.parent)}


def to_server(file: Path, slug: str, folder: str, name: str, *, key: str, checksum: bool = True) -> Sent:
    """Put a file onto an SFTP server under a name; doing it again is doing it once."""
    from . import sftp

    there, digest = connection(slug, Connection.Kind.SFTP), digest_of(file)
    sftp.put(file, there, folder, name, digest=digest, key=key, checksum=checksum)
    return Sent(_("%(label)s, %(folder)s") % {"label": there.label, "folder": folder or "."}, digest)
