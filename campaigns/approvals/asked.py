"""What a request requires, for people: each stage with who may sign it, who has, and how it stands."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Prefetch
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import Approval, Decision, Requirement
from orchcamp.accounts.models import User

from .deciders import Circle


@dataclass(frozen=True)
class Stage:
    """One requirement of a request."""

    requirement: Requirement
    waits_for: str = ""  # who is still to sign, while it is open
    mine: bool = False  # whether the reader may sign it now
    instead_of: str = ""  # for whom they would sign

    @property
    def who(self) -> str:
        """Whom it asks, in words."""
        found = self.requirement
        if found.anyone:
            return _("whoever may approve the campaign")
        groups = [_("somebody of “%(group)s”") % {"group": group.name} for group in found.groups.all()]
        return named([*(str(person) for person in found.people.all()), *groups], found.needed, found.named)

    @property
    def decisions(self) -> list[Decision]:
        """What was said about it; of one that was carried over, what was said then."""
        source = self.requirement.carried_from or self.requirement
        return list(self.requirement.decisions.all()) or list(source.decisions.all())

    @property
    def carried(self) -> int | None:
        """The version whose signature holds here too."""
        source = self.requirement.carried_from
        return source.approval.version.number if source is not None else None

    @property
    def state(self) -> str:
        """How it stands, in a word or two."""
        if self.carried is not None:
            return _("Carried over from version %(number)s") % {"number": self.carried}
        return str(self.requirement.get_status_display())

    @property
    def tone(self) -> str:
        if self.requirement.is_satisfied:
            return "green"
        return "orange" if self.requirement.is_open else "gray"

    @property
    def icon(self) -> str:
        if self.requirement.is_satisfied:
            return "verified"
        return "hourglass_top" if self.requirement.is_open else "schedule"


def named(names: list[str], needed: int, number: int) -> str:
    """“Anna or Otto”, “2 of Anna, Otto and group Legal”, “all of …”; those who have left are counted."""
    gone = number - len(names)
    if gone > 0:
        names = [*names, ngettext("%(n)s who has left", "%(n)s who have left", gone) % {"n": gone}]
    if len(names) < 2:
        return names[0] if names else _("nobody who is left")
    if needed == 1:
        return get_text_list(names, _("or"))
    listed = get_text_list(names, _("and"))
    if needed == 0:
        return _("all of %(names)s") % {"names": listed}
    return _("%(n)s of %(names)s") % {"n": needed, "names": listed}


def stages(approval: Approval, user: User | None = None) -> list[Stage]:
    """Everything that a request requires, in its order; as many queries however much that is."""
    said = Decision.objects.order_by("at", "pk")
    found = approval.requirements.select_related("carried_from__approval__version").prefetch_related(
        "groups", "people", Prefetch("decisions", said), Prefetch("carried_from__decisions", said)
    )
    if approval.status != Approval.Status.WAITING:
        return [Stage(requirement) for requirement in found]
    circle = Circle.of(approval)
    return [_stage(requirement, circle, user) for requirement in found]


def _stage(requirement: Requirement, circle: Circle, user: User | None) -> Stage:
    mandate = circle.mandate(requirement, user) if user is not None else None
    other = circle.people.get(mandate) if user is not None and mandate not in (None, user.pk) else None
    waits_for = circle.waits_for(requirement) if requirement.is_open else ""
    return Stage(requirement, waits_for, mandate is not None, str(other) if other is not None else "")


def rounds(approval: Approval) -> list[Approval]:
    """Every other request of the campaign, the latest first, with what was decided."""
    others = Approval.objects.filter(version__campaign=approval.version.campaign_id).exclude(pk=approval.pk)
    said = Decision.objects.order_by("at", "pk")
    return list(
        others.select_related("requested_by", "decided_by", "version")
        .defer("counts", "version__document")
        .prefetch_related("requirements", Prefetch("requirements__decisions", said))
        .order_by("-requested_at", "-pk")[:30]
    )
