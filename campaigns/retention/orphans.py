"""Files of the lake that nothing refers to any more: found by walking it, removed only when they are older than a day."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from campaigns.models import Campaign, CampaignFile, Run, RunFile, SealedPlan
from orchcamp.datasets import engine, statistics
from orchcamp.datasets.models import AudienceVersion, Load, Snapshot
from orchcamp.messaging.models import Delivery

from .budget import Pass

KINDS = ("datasets", "audiences", "runs", "uploads", "files")  # other folders of the lake's root are not ours to clean
OLD = 24 * 3600.0  # seconds: whatever writes a file writes its row within a day
TEMPORARY = (".part", ".claim")


@dataclass(frozen=True)
class Orphan:
    path: str  # in the lake
    size: int


def orphans() -> Iterator[Orphan]:
    """The files that nothing refers to, oldest names first."""
    known, limit = references(), time.time() - OLD
    for kind in KINDS:
        for folder, folders, names in os.walk(engine.root() / kind):
            folders.sort()
            for name in sorted(names):
                place = Path(folder) / name
                path = place.relative_to(engine.root())
                if (_is_temporary(path) or not _is_known(path, known)) and (size := _old(place, limit)) is not None:
                    yield Orphan(path.as_posix(), size)


def _old(place: Path, limit: float) -> int | None:
    """The size of a file that has not changed, and has had its name, since the limit; None of a younger one."""
    try:
        facts = place.stat(follow_symlinks=False)
    except OSError:
        return None
    return facts.st_size if max(facts.st_mtime, facts.st_ctime) < limit else None


def _is_temporary(path: Path) -> bool:
    """What a writer that was killed left before it gave the file its name."""
    return any(step.startswith(".") and step.endswith(TEMPORARY) for step in path.parts)


def _is_known(path: Path, known: set[str]) -> bool:
    return path.as_posix() in known or any(parent.as_posix() in known for parent in path.parents)


def references() -> set[str]:
    """Every file and folder of the lake that a row refers to."""
    snapshots = [
        *Snapshot.objects.values_list("path", flat=True),
        *AudienceVersion.objects.values_list("path", flat=True),
    ]
    found = {*snapshots, *(statistics.place(path) for path in snapshots)}
    found.update(Load.objects.exclude(reject_path="").values_list("reject_path", flat=True))
    found.update(facts["unmatched_path"] for facts in _audience_facts() if facts.get("unmatched_path"))
    found.update(CampaignFile.objects.values_list("path", flat=True))
    found.update(RunFile.objects.values_list("path", flat=True))
    found.update(SealedPlan.objects.values_list("path", flat=True))
    for pinned in Run.objects.exclude(files={}).values_list("files", flat=True).iterator():
        found.update(path for path in pinned.values() if isinstance(path, str))
    found.update(f"runs/{pk}" for pk in Run.objects.values_list("pk", flat=True).iterator())
    found.update(plan.rpartition("/")[0] for plan in Delivery.objects.values_list("plan", flat=True).iterator())
    found.update(f"files/{slug}" for slug in Campaign.objects.values_list("slug", flat=True))
    return found - {"", *KINDS}


def _audience_facts() -> Iterator[dict]:
    return AudienceVersion.objects.exclude(facts={}).values_list("facts", flat=True).iterator()


def remove_orphans(work: Pass) -> None:
    """Remove them, as many as one pass may."""
    for orphan in list(orphans()):
        if work.full():
            return
        work.remove(engine.root() / orphan.path)
        work.orphans += 1
        work.lines.append(_("the file %(path)s, which nothing refers to") % {"path": orphan.path})
