"""Undo and redo: the named steps of a draft, kept in the database beside it.

A step keeps one canvas: the one before it, or, once it is undone, the one after it. Undoing and redoing swap it with
the canvas of the draft, so that a step costs one compressed document and gives back exactly what was there.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from orchcamp.accounts import audit
from orchcamp.accounts.models import User

from . import drafts
from .errors import CampaignError
from .models import CampaignVersion, CanvasStep

KEPT = 100  # steps of one draft; the oldest go first
NAMED = 3  # as many names of nodes as a step keeps
TOGETHER = timedelta(minutes=2)  # automatic saves of one node that follow so soon are one step

DEEDS = {
    "add": gettext_lazy("add %(what)s"),
    "insert": gettext_lazy("insert %(what)s"),
    "change": gettext_lazy("change %(what)s"),
    "rename": gettext_lazy("rename %(what)s"),
    "remove": gettext_lazy("remove %(what)s"),
    "remove_branch": gettext_lazy("remove %(what)s with what follows"),
    "connect": gettext_lazy("connect %(what)s"),
    "disconnect": gettext_lazy("disconnect %(what)s"),
    "duplicate": gettext_lazy("duplicate %(what)s"),
    "move": gettext_lazy("move %(what)s"),
    "move_branch": gettext_lazy("move %(what)s with what follows"),
    "paste": gettext_lazy("paste %(what)s"),
    "disable": gettext_lazy("switch off %(what)s"),
    "enable": gettext_lazy("switch on %(what)s"),
    "hold": gettext_lazy("set a breakpoint at %(what)s"),
    "release": gettext_lazy("take the breakpoint from %(what)s"),
    "add_note": gettext_lazy("add a note"),
    "change_note": gettext_lazy("change a note"),
    "move_note": gettext_lazy("move a note"),
    "remove_note": gettext_lazy("remove a note"),
    "import": gettext_lazy("import a canvas"),
    "restore": gettext_lazy("restore version %(what)s"),
}


def label(step: CanvasStep) -> str:
    """What a step did, in the reader's language: “remove Split”, “paste 3 activities”."""
    what = step.names[0] if step.count == 1 and step.names else _activities(step.count)
    return str(DEEDS.get(step.deed, DEEDS["change"])) % {"what": what}


def words(step: CanvasStep, reader: User | None) -> str:
    """The same with the person who did it, if that was somebody else."""
    said = label(step)
    return said if reader is not None and step.by_id == reader.pk else f"{said} ({step.by_name})"


def _activities(count: int) -> str:
    return ngettext("%(n)s activity", "%(n)s activities", count) % {"n": count}


# --- Keeping ----------------------------------------------------------------------------------------


def record(
    version: CampaignVersion,
    *,
    by: User | None,
    deed: str,
    names: Iterable[str] = (),
    node_id: str = "",
    automatic: bool = False,
) -> None:
    """Keep the canvas that an edit is about to replace; what was undone before it is dropped. In its transaction.

    ``version`` is the row before the edit.
    """
    steps = CanvasStep.objects.filter(version=version)
    steps.filter(undone=True).delete()
    now, all_names = timezone.now(), list(names)
    same = steps.filter(deed=deed, node_id=node_id, by=by, automatic=True, at__gte=now - TOGETHER)
    last = steps.values_list("pk", flat=True).first()
    if automatic and last and same.filter(pk=last).update(at=now):
        return
    CanvasStep.objects.create(
        version=version,
        number=version.revision + 1,
        deed=deed,
        names=[name[:120] for name in all_names[:NAMED]],
        count=max(len(all_names), 1),
        node_id=node_id,
        automatic=automatic,
        by=by,
        by_name=str(by or _("the system"))[:150],
        at=now,
        document=_packed(version.document),
    )
    steps.filter(pk__in=list(steps.values_list("pk", flat=True)[KEPT:])).delete()


def _packed(document: Any) -> bytes:
    return zlib.compress(json.dumps(document, ensure_ascii=False).encode())


def _unpacked(kept: Any) -> Any:
    return json.loads(zlib.decompress(bytes(kept)))


# --- Reading ----------------------------------------------------------------------------------------


def steps(version: CampaignVersion) -> QuerySet[CanvasStep]:
    """The steps of a draft without their documents, the latest first."""
    if not version.is_draft:
        return CanvasStep.objects.none()
    return CanvasStep.objects.filter(version=version).defer("document")


def ends(version: CampaignVersion) -> tuple[CanvasStep | None, CanvasStep | None]:
    """The step that undo would take back, and the one that redo would do again."""
    found = list(steps(version))
    done, undone = [step for step in found if not step.undone], [step for step in found if step.undone]
    return (done[0] if done else None), (undone[-1] if undone else None)


def latest(version: CampaignVersion) -> CanvasStep | None:
    return steps(version).filter(undone=False).first()


# --- Going back and forth -----------------------------------------------------------------------------


def undo(version: CampaignVersion, *, revision: int, by: User | None) -> CanvasStep:
    """Take the last step back, whoever did it."""

    def way(found: list[CanvasStep]) -> list[CanvasStep]:
        done = [step for step in found if not step.undone]
        if not done:
            raise CampaignError(_("There is nothing to undo on this canvas."))
        return done[:1]

    return _go(version, way, revision=revision, by=by, verb="undid edit")[0]


def redo(version: CampaignVersion, *, revision: int, by: User | None) -> CanvasStep:
    """Do again what was undone last."""

    def way(found: list[CanvasStep]) -> list[CanvasStep]:
        undone = [step for step in found if step.undone]
        if not undone:
            raise CampaignError(_("There is nothing to do again on this canvas."))
        return undone[-1:]

    return _go(version, way, revision=revision, by=by, verb="redid edit")[0]


def jump(version: CampaignVersion, number: int, *, revision: int, by: User | None) -> list[CanvasStep]:
    """Go to the canvas as it was after a step; 0 is before the first that is kept."""

    def way(found: list[CanvasStep]) -> list[CanvasStep]:
        if number and number not in {step.number for step in found}:
            raise CampaignError(_("That step is not kept any more; choose another from the list."))
        back = [step for step in found if not step.undone and step.number > number]
        forth = [step for step in reversed(found) if step.undone and step.number <= number]
        if not back and not forth:
            raise CampaignError(_("The canvas is at that step already."))
        return back or forth

    return _go(version, way, revision=revision, by=by, verb="jumped to step", step=number)


def _go(
    version: CampaignVersion,
    way: Callable[[list[CanvasStep]], list[CanvasStep]],
    *,
    revision: int,
    by: User | None,
    verb: str,
    **facts: Any,
) -> list[CanvasStep]:
    """Swap the canvas with those of the steps on the way, one after the other."""
    drafts.demand(version, revision)
    with transaction.atomic():
        gone = way(list(CanvasStep.objects.filter(version=version).defer("document")))
        document = version.document
        for step in gone:
            kept, step.document = _unpacked(step.document), _packed(document)
            step.undone, document = not step.undone, kept
            step.save(update_fields=["document", "undone"])
        drafts.save(version, document, revision=revision, by=by)
        audit.record(by, verb, version.campaign, version=version.number, steps=[label(step) for step in gone], **facts)
    version.document, version.revision = document, revision + 1
    return gone
