"""The lake's files: Parquet under one root, each path written once and then never changed.

A path is one file, or a folder of files that are one table.
"""

from __future__ import annotations

import errno
import os
import shutil
import time
import uuid
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings
from django.utils.translation import gettext as _
from ibis.expr.types import Table

from .errors import Unreadable

CLAIM_SECONDS = 10


def root() -> Path:
    """The lake's root folder."""
    return Path(settings.LAKE_DIR)


def parts(place: Path) -> list[Path]:
    """The files that hold the rows of a place: itself, or every Parquet file below the folder, in order."""
    if not place.is_dir():
        return [place]
    found = (file for file in place.rglob("*.parquet") if file.is_file())
    return sorted(file for file in found if not any(name[0] in "._" for name in file.relative_to(place).parts))


def unreadable(place: str | Path, error: Exception) -> Unreadable:
    why = _("it is not there") if not Path(place).exists() else str(error).splitlines()[0]
    return Unreadable(
        _("The file %(place)s of the lake cannot be read: %(why)s. Check ORCHCAMP_LAKE, or load the dataset again.")
        % {"place": place, "why": why}
    )


def table(path: str) -> Table:
    """The rows under a lake path, lazily, with the schema its file names."""
    return ibis.table(schema(root() / path), name=path)


def schema(place: Path) -> ibis.Schema:
    """The columns of a place; of a folder, those of its first file. Which of them may be null says no file."""
    files = parts(place)
    try:
        found = ibis.Schema.from_pyarrow(pq.read_schema(files[0]))
    except (OSError, pa.ArrowInvalid, IndexError) as error:
        raise unreadable(place, error) from None
    return ibis.schema({name: type.copy(nullable=True) for name, type in found.items()})


def exists(path: str) -> bool:
    return (root() / path).exists()


def rows_of(place: Path) -> int:
    return sum(pq.read_metadata(file).num_rows for file in parts(place))


def publish(part: Path, place: Path) -> None:
    """Give a finished file its name, once; if another writer was first, its file stands."""
    try:
        os.link(part, place)
    except FileExistsError:
        return
    except OSError as error:
        if error.errno not in {errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EACCES}:
            raise
        _publish_without_links(part, place)
    sync(place.parent)


def sync(place: Path) -> None:
    """Have a file or a folder reach the disk."""
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def publish_folder(part: Path, place: Path) -> None:
    """Like ``publish``, for a folder of files: a folder is renamed, and never onto one that holds files."""
    for file in part.iterdir():
        sync(file)
    sync(part)
    try:
        part.rename(place)
    except OSError as error:
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR}:
            raise
        return
    sync(place.parent)


def link(source: str, path: str) -> None:
    """Give rows that are there already a second name instead of a copy. Raises OSError where that cannot be."""
    old, place = root() / source, root() / path
    place.parent.mkdir(parents=True, exist_ok=True)
    if not old.is_dir():
        os.link(old, place)
        return
    part = place.with_name(f".{place.name}.{uuid.uuid4().hex}.part")
    part.mkdir()
    try:
        for file in parts(old):
            os.link(file, part / file.name)
        publish_folder(part, place)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _publish_without_links(part: Path, place: Path) -> None:
    """For file systems without hard links: who makes the claim file may rename; a dead claimant is not waited for."""
    claim = place.with_name(f".{place.name}.claim")
    deadline = time.monotonic() + CLAIM_SECONDS
    while not place.exists():
        try:
            os.close(os.open(claim, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            if time.monotonic() < deadline:
                time.sleep(0.05)
                continue
        if not place.exists():
            part.rename(place)
        claim.unlink(missing_ok=True)


def drop(path: str) -> None:
    """Remove what lies under a lake path."""
    place = root() / path
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
