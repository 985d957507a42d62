"""What goes of runs: the populations of all but the last, and after its time the history of a run.

Counts, plans, journals and outcomes stay: they are what reports and explanations rest on.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.advance import note
from campaigns.models import Approval, DoubtfulMessage, Question, Run
from campaigns.running_settings import lenient
from campaigns.store import RunStore
from orchcamp.datasets import engine

from .budget import Pass
from .installation import installation

CLOSED = [Run.Status.SUCCEEDED, Run.Status.FAILED, Run.Status.STOPPED]


# --- Interim results ------------------------------------------------------------------------------------


def purge_interim(work: Pass) -> None:
    """Remove the populations of runs that a later one of the same kind has followed, unless the campaign keeps them."""
    for run in _superseded():
        if work.full():
            return
        if run.purging_at is None:
            if lenient(run.campaign.settings).keep_interim:
                continue
            if not work.dry and not _mark(run):
                continue
        if drop_populations(run, work):
            work.interim += 1
            work.lines.append(_("the populations of %(run)s") % {"run": run})
            if not work.dry:
                Run.objects.filter(pk=run.pk).update(purged_at=timezone.now())


def _superseded() -> Iterator[Run]:
    """Closed runs that still keep populations and that nobody goes back to: a later one of their kind is there.

    A live run in error may be resumed with them, and a test that an approval shows is looked at: theirs stay.
    """
    later = Run.objects.filter(campaign=OuterRef("campaign"), mode=OuterRef("mode"), pk__gt=OuterRef("pk"))
    shown = Approval.objects.filter(status=Approval.Status.WAITING, test_run=OuterRef("pk"))
    rows = Run.objects.filter(Q(Exists(later)) | Q(purging_at__isnull=False), status__in=CLOSED, purged_at=None)
    rows = rows.exclude(mode=Run.Mode.LIVE, status=Run.Status.FAILED, purging_at=None).exclude(Exists(shown))
    return rows.select_related("campaign").defer("document", "foresight").order_by("pk").iterator(chunk_size=200)


def _mark(run: Run) -> bool:
    """Say that a run's populations go, so that it is not opened again meanwhile."""
    return bool(Run.objects.filter(pk=run.pk, status__in=CLOSED, purging_at=None).update(purging_at=timezone.now()))


def drop_populations(run: Run, work: Pass) -> bool:
    """Remove what the nodes of a run passed on, and nothing beside it; whether all of it is gone."""
    store = RunStore(run)
    for node in store.nodes.values():
        for port, kept in node.outputs.items():
            paths = [store.path(node.node_id, port)]
            paths += [link["path"] for link in kept.get("links", {}).values() if _own(run, link["path"])]
            if not all(work.drop(path) for path in paths):
                return False
        for left in (engine.root() / store.folder(node.node_id)).glob(".shared-*"):
            if not work.drop(str(left.relative_to(engine.root()))):
                return False
    return True


def _own(run: Run, path: str) -> bool:
    return path.startswith(f"runs/{run.pk}/")


# --- History ----------------------------------------------------------------------------------------------


def forget_histories(work: Pass) -> None:
    """Remove log, alerts, questions, files and populations of runs that ended longer ago than their campaign keeps them."""
    default, now = installation().history_days, timezone.now()
    for run in _ended(now):
        if work.full():
            return
        days = lenient(run.campaign.settings).history_days or default
        if run.finished_at and run.finished_at > now - timedelta(days=days):
            continue
        if not work.dry and not _begin_to_forget(run, now):
            continue
        paths = [file.path for file in run.made_files.all() if _own(run, file.path)]
        paths += [sealed.path for sealed in run.sealed_plans.all() if _own(run, sealed.path)]
        if drop_populations(run, work) and all(work.drop(path) for path in paths):
            work.histories += 1
            work.lines.append(_("the history of %(run)s") % {"run": run})
            if not work.dry:
                _forget(run, days)


def _ended(now: datetime) -> Iterator[Run]:
    """Closed runs with a history that nobody has yet to decide anything about."""
    doubted = DoubtfulMessage.objects.filter(
        batch__node_run__run=OuterRef("pk"), resolution=DoubtfulMessage.Resolution.OPEN
    )
    shown = Approval.objects.filter(status=Approval.Status.WAITING, test_run=OuterRef("pk"))
    rows: QuerySet[Run] = Run.objects.filter(status__in=CLOSED, finished_at__lt=now - timedelta(days=1))
    rows = rows.filter(Q(forgotten_at=None) | Q(purged_at=None) | Q(purged_at__lt=F("forgotten_at")))
    rows = rows.exclude(Exists(doubted)).exclude(Exists(shown))
    return rows.select_related("campaign").defer("document", "foresight").order_by("pk").iterator(chunk_size=200)


def _begin_to_forget(run: Run, now: datetime) -> bool:
    marks = {"forgotten_at": Coalesce("forgotten_at", now), "purging_at": Coalesce("purging_at", now)}
    return bool(Run.objects.filter(pk=run.pk, status__in=CLOSED).update(**marks))


def _forget(run: Run, days: int) -> None:
    """The rows, once the files are gone."""
    with transaction.atomic():
        run.log.all().delete()
        run.alerts.all().delete()
        run.notices.all().delete()
        run.made_files.all().delete()
        run.sealed_plans.all().delete()
        Question.objects.filter(node_run__run=run).delete()
        run.signals.update(parameters={})
        Run.objects.filter(pk=run.pk).update(purged_at=timezone.now(), variables={})
        note(run, _("The log, alerts and files of this run were removed: they are kept for %(n)s days.") % {"n": days})
