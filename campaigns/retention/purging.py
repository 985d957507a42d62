"""One pass of cleaning: interim results, histories, archived campaigns, and the queue's own record."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import ngettext

from campaigns.models import Installation
from orchcamp.accounts import audit, forgetting
from orchcamp.accounts.telling import bell

from .archive import remove_archived
from .budget import MOST_FILES, Pass
from .installation import kept_installation
from .orphans import remove_orphans
from .refusals import forget_refused
from .runs import forget_histories, purge_interim
from .trail import forget_trail

FINISHED = timedelta(days=1)  # so long the queue's record of a task that ended well is kept


def purge(*, dry: bool = False, orphans: bool = False, until: float = float("inf"), most: int = MOST_FILES) -> Pass:
    """Remove what is past its time, at most so many files; ``dry`` only counts. ``orphans``: also what nothing refers to.

    May be called by any number of workers at any time, and be killed at any moment.
    """
    from campaigns import tasks  # the queue's door asks for this module

    work = Pass(dry=dry, until=until, most=most)
    parts = (purge_interim, forget_histories, forget_refused, remove_archived, forget_trail, _forget_notifications)
    for part in (*parts, *((remove_orphans,) if orphans else ())):
        if not work.full():
            part(work)
    if not dry:
        work.tasks = tasks.forget_finished(timezone.now() - FINISHED)
        forgetting.forget()
        _note(work)
    return work


def _forget_notifications(work: Pass) -> None:
    """What people were told and have read, or let lie, for as long as ``bell`` says."""
    number = bell.forget(timezone.now(), dry=work.dry, until=work.until)
    if number:
        sentence = ngettext("%(n)s notification", "%(n)s notifications", number)
        work.lines.append(sentence % {"n": number})


def _note(work: Pass) -> None:
    """Keep what went: for the health page always, for the audit trail when it was more than the queue's record."""
    now, numbers = timezone.now(), work.numbers()
    row = kept_installation()
    Installation.objects.filter(pk=row.pk).update(purged_at=now, last_purge=numbers)
    if any(numbers[name] for name in ("interim", "histories", "campaigns", "orphans", "audit")):
        audit.record(None, "cleaned up", row, **numbers)
