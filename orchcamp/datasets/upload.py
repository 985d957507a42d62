"""Files from the browser: kept for a day in their owner's folder until they are mapped and loaded."""

from __future__ import annotations

import re
import shutil
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from . import detection, loading
from .detection import LoadError

LARGEST = 50 * 1024 * 1024
MOST_COLUMNS = 150  # that a mapping on one page can hold
KEPT_SECONDS = 24 * 3600
TOKEN = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Preview:
    """What is in an uploaded file: its columns with the types found, and its first rows."""

    names: list[str]
    types: list[str]
    rows: list[list[Any]]
    total: int
    broken: int = 0  # lines that are no rows


def keep(file: UploadedFile, owner: Any) -> str:
    """Keep an uploaded file and return its token. Raises LoadError for files that cannot be loaded here."""
    name = Path(file.name or "file").name[-150:]
    size = file.size or 0
    if size > LARGEST:
        raise LoadError(
            _(
                "%(name)s is larger than %(most)d MB. Load it on the server with “manage.py load_datasets MANIFEST”,"
                " which has no such limit."
            )
            % {"name": name, "most": LARGEST // 1024 // 1024}
        )
    if not size:
        raise LoadError(_("%(name)s is empty.") % {"name": name})
    folder = _folder(owner)
    _forget_old(folder)
    token = uuid.uuid4().hex
    place = folder / token / name
    place.parent.mkdir(parents=True)
    with place.open("wb") as copy:
        for chunk in file.chunks():
            copy.write(chunk)
    try:
        detection.kind_of(place)
    except LoadError:
        forget(token, owner)
        raise
    return token


def _folder(owner: Any) -> Path:
    return Path(settings.DATA_DIR) / "uploads" / str(owner.pk)


def _forget_old(folder: Path) -> None:
    for place in folder.glob("*") if folder.exists() else ():
        if time.time() - place.stat().st_mtime > KEPT_SECONDS:
            shutil.rmtree(place, ignore_errors=True)


def find(token: str, owner: Any) -> Path | None:
    """The kept file, if it is this owner's and still there."""
    folder = _folder(owner) / token
    if not TOKEN.fullmatch(token) or not folder.is_dir():
        return None
    return next(iter(folder.iterdir()), None)


def forget(token: str, owner: Any) -> None:
    """Remove a kept file."""
    if TOKEN.fullmatch(token):
        shutil.rmtree(_folder(owner) / token, ignore_errors=True)


def preview(path: Path) -> Preview:
    """Look into a kept file. Raises LoadError when it cannot be read or mapped."""
    names, types, rows, total, broken = loading.peek(path)
    if len(names) > MOST_COLUMNS:
        raise LoadError(
            _(
                "%(name)s has %(n)d columns; this page maps at most %(most)d. Load it with “manage.py load_datasets"
                " MANIFEST”, or take out columns."
            )
            % {"name": path.name, "n": len(names), "most": MOST_COLUMNS}
        )
    return Preview(names, types, rows, total, broken)
