"""Who may sign what of a request now, and whether enough have: named people and groups, those they asked to stand in
for them, and administrators where too few of the named are left.

Whoever wrote any of the version, or asked for its approval, is nobody here: not by name, group, delegation or profile.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from campaigns.models import Approval, Decision, Requirement
from campaigns.models.policy import EACH
from orchcamp.accounts import access
from orchcamp.accounts.models import User

Seat = frozenset[int]


def authors(approval: Approval) -> set[int]:
    """Those whose own work it is: who wrote any of the version, and who asked."""
    version = approval.version
    found = {version.author_id, approval.requested_by_id, *version.editors.values_list("pk", flat=True)}
    return {pk for pk in found if pk is not None}


@dataclass(frozen=True)
class Circle:
    """Everybody who counts for one request, read once."""

    approval: Approval
    people: dict[int, User]  # who may approve the campaign and had no part in the version
    groups: dict[int, set[int]]  # group -> those of them who are in it
    administrators: frozenset[int]  # those of them who administer
    stands_in: dict[int, int] = field(default_factory=dict)  # who asked another to decide -> that other

    @classmethod
    def of(cls, approval: Approval) -> Circle:
        own = authors(approval)
        able = [user for user in access.who_may("approve", approval.version.campaign) if user.pk not in own]
        members = User.groups.through.objects.filter(user_id__in=[user.pk for user in able])
        groups: dict[int, set[int]] = {}
        for user_id, group_id in members.values_list("user_id", "group_id"):
            groups.setdefault(group_id, set()).add(user_id)
        people = {user.pk: user for user in able}
        administrators = frozenset(user.pk for user in access.administrators() if user.pk in people)
        asked = approval.delegations.values_list("by", "to")
        stands_in = {by: to for by, to in asked if by in people and to in people}
        return cls(approval, people, groups, administrators, stands_in)

    # --- One requirement ------------------------------------------------------------------------------

    def seats(self, requirement: Requirement) -> list[Seat]:
        """Whoever can fill the place of each that is named; those who cannot sign any more are in it too, so that what
        they signed stays."""
        people = [frozenset({user.pk}) for user in requirement.people.all()]
        groups = [frozenset(self.groups.get(group.pk, ())) for group in requirement.groups.all()]
        gone = requirement.named - len(people) - len(groups)
        return [*people, *groups, *([frozenset()] * max(0, gone))]

    def named(self, requirement: Requirement) -> set[int]:
        """Those who can sign because they are named, or in a group that is."""
        if requirement.anyone:
            return set(self.people)
        return {pk for seat in self.seats(requirement) for pk in seat if pk in self.people}

    def _wanted(self, requirement: Requirement) -> set[int]:
        """Those of the named whose signature is still of use: of a group of which somebody has signed, nobody's."""
        if requirement.anyone or requirement.needed != EACH:
            return self.named(requirement)
        signed = _signed(requirement)
        return {pk for seat in self.seats(requirement) if not seat & signed for pk in seat if pk in self.people}

    def _empty(self, requirement: Requirement, signed: set[int]) -> int:
        """How many places nobody has filled and nobody who is named can."""
        if requirement.anyone:
            return 0
        if requirement.needed != EACH:
            return max(0, requirement.needed - len(self.named(requirement) | signed))
        open_seats = [seat for seat in self.seats(requirement) if not seat & signed]
        return sum(not seat & self.people.keys() for seat in open_seats)

    def escalates(self, requirement: Requirement) -> bool:
        """Whether too few of the named are left, so that administrators may sign."""
        return self._empty(requirement, _signed(requirement)) > 0

    def mandate(self, requirement: Requirement, user: Any) -> int | None:
        """As whom the person signs it now: themselves, or somebody who asked them to; None when they may not."""
        given = signatures(requirement)
        if not requirement.is_open or user.pk not in self.people or any(one.by_id == user.pk for one in given):
            return None
        named = self._wanted(requirement)
        own = [user.pk] if user.pk in named and user.pk not in self.stands_in else []
        lent = [by for by, to in self.stands_in.items() if to == user.pk and by in named]
        ways = [*own, *lent] if requirement.needed == EACH else [*lent, *own]
        if user.pk in self.administrators and user.pk not in self.stands_in and self.escalates(requirement):
            ways.append(user.pk)
        return next((pk for pk in ways if pk not in _signed(requirement)), None)

    def able(self, requirement: Requirement) -> list[User]:
        """Those who could sign it now, by name."""
        return [user for user in self.people.values() if self.mandate(requirement, user) is not None]

    def satisfied(self, requirement: Requirement) -> bool:
        """Whether enough have signed. An administrator fills the places that nobody else can, not another's."""
        signed = _signed(requirement)
        if requirement.anyone or requirement.needed != EACH:
            return len(signatures(requirement)) >= max(1, requirement.needed)
        seats = self.seats(requirement)
        if any(seat & self.people.keys() for seat in seats if not seat & signed):
            return False
        beside = signed - {pk for seat in seats for pk in seat}
        return bool(signed) and (not self._empty(requirement, signed) or bool(beside))

    def waits_for(self, requirement: Requirement) -> str:
        """Who is still to sign, in words."""
        if requirement.anyone:
            return _("somebody who may approve it and did not write it")
        signed, each = _signed(requirement), requirement.needed == EACH
        names = [self._name(user) for user in requirement.people.all() if user.pk in self.people.keys() - signed]
        for group in requirement.groups.all():
            members = self.groups.get(group.pk, set())
            if members - signed and not (each and members & signed):
                names.append(_("somebody of “%(group)s”") % {"group": group.name})
        if self.escalates(requirement):
            names.append(_("an administrator"))
        if not self.able(requirement) and requirement.is_open:
            return _("nobody who could: give somebody else the right to approve it")
        if not each and (left := requirement.needed - len(signatures(requirement))) > 1:
            return _("%(n)s of: %(names)s") % {"n": left, "names": ", ".join(names)}
        return (_(" and ") if each else _(" or ")).join(names)

    def _name(self, user: User) -> str:
        to = self.stands_in.get(user.pk)
        return _("%(person)s for %(other)s") % {"person": self.people[to], "other": user} if to else str(user)


def _signed(requirement: Requirement) -> set[int]:
    """As whom it was signed."""
    return {one.on_behalf_of_id or one.by_id for one in signatures(requirement)}


def signatures(requirement: Requirement) -> list[Decision]:
    """The decisions that count for it; as they were prefetched, where they were."""
    return [decision for decision in requirement.decisions.all() if decision.verdict == Decision.Verdict.APPROVE]


def requirements(approval: Approval) -> list[Requirement]:
    """The requirements of a request with everything that is asked of them, in four queries."""
    return list(approval.requirements.prefetch_related("groups", "people", "decisions"))
