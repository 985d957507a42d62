"""What must answer: the database, the engine, the workers and their scheduler, and the disk under the lake."""

from __future__ import annotations

import os
import shutil
import time
from datetime import datetime
from pathlib import Path

import ibis
from django.core.cache import cache
from django.db import connection
from django.template.defaultfilters import filesizeformat as size
from django.utils.formats import date_format
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.models import Beat
from campaigns.tasks import SCHEDULER, WORKER
from orchcamp.datasets import engine

from .measure import CRITICAL, OK, WARNING, Measure, Value

KINDS = {  # the first folder of a lake path -> what lies there
    "datasets": gettext_lazy("Customer data"),
    "audiences": gettext_lazy("Saved audiences"),
    "runs": gettext_lazy("Runs"),
    "uploads": gettext_lazy("Uploaded files"),
    "files": gettext_lazy("Files that were read"),
}
OTHER = "other"
FRESH, LATE = 60, 300  # seconds without a beat
FREE_WARNING, FREE_CRITICAL = 0.10, 0.03  # of the disk
USAGE = "lake-usage"
USAGE_SECONDS = 300  # the files of the lake are counted at most so often


def database(now: datetime) -> Measure:
    """How long the database takes to answer."""
    begun = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return _answered("database", gettext_lazy("Database"), time.perf_counter() - begun)


def queries(now: datetime) -> Measure:
    """How long the query engine takes to answer."""
    begun = time.perf_counter()
    engine.count(ibis.memtable({"one": [1]}))
    return _answered("engine", gettext_lazy("Query engine"), time.perf_counter() - begun, slow=10)  # its start included


def _answered(key: str, label: object, seconds: float, *, slow: float = 2) -> Measure:
    values = (Value(f"{key}_answer_seconds", "How long it took to answer.", seconds),)
    shown = _("%(n)s ms") % {"n": round(1000 * seconds)}
    if seconds < slow:
        return Measure(key, label, OK, shown, values=values)
    sentence = _("It answers slowly.")
    return Measure(key, label, WARNING, shown, sentence, _("Look at the load of its host and at its log."), values)


def workers(now: datetime) -> Measure:
    """When a worker was last heard of."""
    return _beats(now, "workers", gettext_lazy("Workers"), WORKER, _("Start one with “manage.py worker”."))


def scheduler(now: datetime) -> Measure:
    """When the pass that launches, wakes and recovers was last through."""
    mend = _("It is a part of every worker; start one with “manage.py worker” and look at its log.")
    return _beats(now, "scheduler", gettext_lazy("Scheduler"), SCHEDULER, mend)


def _beats(now: datetime, key: str, label: object, start: str, mend: str) -> Measure:
    beats = list(Beat.objects.filter(name__startswith=start).order_by("-at"))
    if not beats:
        return Measure(key, label, CRITICAL, _("never"), _("It has not been heard of."), mend)
    age = max(0.0, (now - beats[0].at).total_seconds())
    alive = sum((now - beat.at).total_seconds() <= FRESH for beat in beats)
    values = (
        Value(f"{key}_last_beat_seconds", "Seconds since it was last heard of.", age),
        Value(f"{key}_alive", "How many were heard of within the last minute.", alive),
    )
    shown = _("%(n)s alive") % {"n": alive} if alive else _("%(time)s ago") % {"time": timesince(beats[0].at, now)}
    state = OK if age <= FRESH else WARNING if age <= LATE else CRITICAL
    sentence = "" if state == OK else _("It was last heard of at %(at)s.") % {"at": date_format(beats[0].at, "H:i:s")}
    return Measure(key, label, state, shown, sentence, mend if sentence else "", values)


# --- The disk -------------------------------------------------------------------------------------------


def usage() -> dict[str, int]:
    """Bytes of the lake by kind; counted at most every five minutes. A file with two names counts once."""
    kept = cache.get(USAGE)
    if isinstance(kept, dict):
        return kept
    found = {**dict.fromkeys(KINDS, 0), OTHER: 0}
    seen: set[tuple[int, int]] = set()
    root = engine.root()
    for folder, _folders, names in os.walk(root):
        kind = Path(folder).relative_to(root).parts[:1]
        key = kind[0] if kind and kind[0] in KINDS else OTHER
        for name in names:
            try:
                facts = os.stat(os.path.join(folder, name), follow_symlinks=False)
            except OSError:  # removed just now
                continue
            if facts.st_nlink > 1:
                if (facts.st_dev, facts.st_ino) in seen:
                    continue
                seen.add((facts.st_dev, facts.st_ino))
            found[key] += facts.st_size
    cache.set(USAGE, found, USAGE_SECONDS)
    return found


def forget_usage() -> None:
    """After a clean-up: count anew."""
    cache.delete(USAGE)


def disk(now: datetime) -> Measure:
    """What the lake takes, and what is free under it."""
    label = gettext_lazy("Disk of the lake")
    found, whole = usage(), shutil.disk_usage(engine.root())
    share = whole.free / max(whole.total, 1)
    text = "Bytes of the lake's files."
    values = (
        *(Value("lake_bytes", text, number, {"kind": kind}) for kind, number in found.items()),
        Value("lake_free_bytes", "Bytes that are free on the lake's disk.", whole.free),
        Value("lake_disk_bytes", "Bytes of the lake's disk, used and free.", whole.total),
    )
    shown = _("%(used)s used, %(free)s free") % {"used": size(sum(found.values())), "free": size(whole.free)}
    details = tuple((f"{KINDS.get(kind, _('Other'))}: {size(number)}", "") for kind, number in found.items() if number)
    state = CRITICAL if share < FREE_CRITICAL else WARNING if share < FREE_WARNING else OK
    if state == OK:
        return Measure("disk", label, state, shown, values=values, details=details)
    sentence = _("Only %(n)s %% of the disk are free.") % {"n": round(100 * share)}
    mend = _("Clean up, shorten the retention, or give the lake more room.")
    return Measure("disk", label, state, shown, sentence, mend, values, details)
