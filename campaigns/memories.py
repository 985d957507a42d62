"""What nodes keep from one live run to the next: shown, set back, and begun again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from activities import catalogue
from activities.base import Activity
from activities.graph import Node
from orchcamp.accounts import audit
from orchcamp.accounts.models import User

from .errors import WrongStatus
from .models import Campaign, NodeMemory, Run

MARK = "mark"
OPEN = [Run.Status.RUNNING, Run.Status.PAUSED]


def remembers(node: Node) -> bool:
    """Whether the node keeps anything from run to run."""
    try:
        return catalogue.get(node.type).remember is not Activity.remember
    except catalogue.UnknownActivity:
        return False


def mark_of(campaign: Campaign, node_id: str) -> datetime | None:
    """The slot of the last live run that ended well, or what a person put in its place."""
    memory = NodeMemory.objects.filter(campaign=campaign, node_id=node_id).first()
    text: Any = memory.state.get(MARK) if memory else None
    return datetime.fromisoformat(text) if text else None


def set_mark(campaign: Campaign, node_id: str, moment: datetime | None, *, by: User | None) -> None:
    """Let the next live run go on from another moment; None: as if there had been no run. Raises WrongStatus."""
    with transaction.atomic():
        if Run.objects.filter(campaign=campaign, mode=Run.Mode.LIVE, status__in=OPEN).exists():
            raise WrongStatus(_("A live run is on and keeps its own mark; wait for its end, or stop it."))
        before = mark_of(campaign, node_id)
        if moment is None:
            NodeMemory.objects.filter(campaign=campaign, node_id=node_id).delete()
        else:
            memory, _made = NodeMemory.objects.get_or_create(campaign=campaign, node_id=node_id)
            memory.state = {**memory.state, MARK: moment.isoformat()}
            memory.save()
        facts = {"node": node_id, "before": before.isoformat() if before else None}
        audit.record(by, "set mark", campaign, **facts, mark=moment.isoformat() if moment else None)
