"""Files of a campaign: kept under their content, replaced by name, taken along on import, and forgotten."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from django.db import transaction
from django.utils.translation import gettext as _

from activities.graph import Graph
from orchcamp.accounts import audit
from orchcamp.accounts.models import User
from orchcamp.datasets import engine

from .errors import CampaignError
from .models import Campaign, CampaignFile, NodeRun, Run

LARGEST = 50 * 1024 * 1024
CHUNK = 1024 * 1024
UNSAFE = re.compile(r"[^\w.-]+")


class BadUpload(CampaignError):
    """A file that is not taken; the sentence says why."""


def keep(campaign: Campaign, name: str, stream: IO[bytes], *, by: User | None) -> CampaignFile:
    """Keep a file under its name; one of that name is replaced, and runs that pinned it go on with it."""
    name = checked_name(name)
    folder = engine.root() / _uploads(campaign)
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{uuid.uuid4().hex}.part"
    try:
        size, digest = _copy(name, stream, part)
        path = f"{_uploads(campaign)}/{digest}/{_safe(name)}"
        place = engine.root() / path
        place.parent.mkdir(parents=True, exist_ok=True)
        engine.publish(part, place)
    finally:
        part.unlink(missing_ok=True)
    with transaction.atomic():
        facts = {"path": path, "size": size, "by": by}
        file, _made = CampaignFile.objects.update_or_create(campaign=campaign, name=name, defaults=facts)
        audit.record(by, "uploaded file", campaign, file=name, size=size, digest=digest)
    return file


def checked_name(name: str) -> str:
    """The last part of a name, if a file can be called that. Raises BadUpload."""
    name = re.split(r"[/\\]", name)[-1].strip()
    if not name or name.startswith(".") or ":" in name or any(ord(mark) < 32 for mark in name) or len(name) > 150:
        raise BadUpload(
            _("“%(name)s” cannot be the name of a file; use at most 150 letters and digits, with an ending.")
            % {"name": name[:60]}
        )
    return name


def _copy(name: str, stream: IO[bytes], part: Path) -> tuple[int, str]:
    """Write the bytes; how many there are, and their digest. Raises BadUpload when there are too many or none."""
    size, digest = 0, hashlib.sha256()
    with part.open("wb") as copy:
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            if size > LARGEST:
                raise BadUpload(_("%(name)s is larger than 50 MB; load it as a dataset, or split it.") % {"name": name})
            digest.update(chunk)
            copy.write(chunk)
        copy.flush()
        os.fsync(copy.fileno())
    if not size:
        raise BadUpload(_("%(name)s is empty.") % {"name": name})
    return size, digest.hexdigest()


def _uploads(campaign: Campaign) -> str:
    return f"uploads/{campaign.slug}"


def _safe(name: str) -> str:
    """The name as one harmless step of a path, its ending kept."""
    stem, dot, ending = name.rpartition(".")
    return UNSAFE.sub("_", stem if dot else name)[-80:] + (f".{UNSAFE.sub('_', ending)[:16]}" if dot else "")


def forget(file: CampaignFile, *, by: User | None) -> None:
    """Remove a file, and its content when nothing else of the campaign reads it."""
    with transaction.atomic():
        audit.record(by, "removed file", file.campaign, file=file.name)
        file.delete()
    _sweep(file.campaign, file.path)


def _sweep(campaign: Campaign, path: str) -> None:
    """Remove the content under a path once no name and no open run leads to it."""
    if CampaignFile.objects.filter(campaign=campaign, path=path).exists():
        return
    if any(path in run.files.values() for run in Run.objects.open().filter(campaign=campaign)):
        return
    shutil.rmtree((engine.root() / path).parent, ignore_errors=True)


def duplicate(source: Campaign, target: Campaign, *, by: User | None) -> None:
    """Give a copy of a campaign the files of the original."""
    for file in source.files.all():
        place = engine.root() / file.path
        if place.is_file():
            with place.open("rb") as stream:
                keep(target, file.name, stream, by=by)


def purge(slug: str) -> None:
    """Remove everything that a campaign that is gone had uploaded, and what was read out of it."""
    for folder in (f"uploads/{slug}", f"files/{slug}"):
        shutil.rmtree(engine.root() / folder, ignore_errors=True)


# --- Canvas and runs ----------------------------------------------------------------------------------


def named(graph: Graph) -> list[str]:
    """The names of the files that a canvas reads, in order."""
    names = (node.settings.get("file") for node in graph.nodes.values() if node.type == "load_file")
    return sorted({name for name in names if isinstance(name, str) and name})


def take_along(campaign: Campaign, graph: Graph, folder: Path, *, by: User | None) -> list[str]:
    """Keep the files that the canvas names and that lie beside the campaign file; their names."""
    taken = []
    for name in named(graph):
        place = folder / name
        if name == checked_or_none(name) and place.is_file():
            with place.open("rb") as stream:
                keep(campaign, name, stream, by=by)
            taken.append(name)
    return taken


def checked_or_none(name: str) -> str | None:
    """The name when a file can be called that."""
    try:
        return checked_name(name)
    except BadUpload:
        return None


def imported(run: Run) -> None:
    """Remove the files that a live run has read to its end and that are to be removed then."""
    for name in _done_with(run.graph, run.nodes.all()):
        file = run.campaign.files.filter(name=name, path=run.files.get(name, "")).first()
        if file:
            forget(file, by=None)


def _done_with(graph: Graph, rows: Any) -> Iterator[str]:
    done = {row.node_id for row in rows if row.status == NodeRun.Status.SUCCEEDED and not row.error}
    for id in done & set(graph.nodes):
        node = graph.nodes[id]
        settings: Mapping[str, Any] = node.settings
        if node.type == "load_file" and settings.get("delete_after") and isinstance(settings.get("file"), str):
            yield settings["file"]
