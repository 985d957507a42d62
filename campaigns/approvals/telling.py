"""Whom a request concerns, and what they are told of it: each once for what happened."""

from __future__ import annotations

from collections.abc import Iterable

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from campaigns.models import Approval, Requirement
from orchcamp.accounts import notifying
from orchcamp.accounts.models import User

from .deciders import Circle, requirements


def deciders(circle: Circle) -> list[User]:
    """Those whose turn it is."""
    found = {user.pk: user for row in requirements(circle.approval) for user in circle.able(row)}
    return list(found.values())


def concerned(approval: Approval) -> list[User]:
    """The person who asked, and the author."""
    return [user for user in dict.fromkeys((approval.requested_by, approval.version.author)) if user is not None]


def _facts(approval: Approval, **more: object) -> dict[str, object]:
    version = approval.version
    return {"name": version.campaign.name, "number": version.number, "by": approval.requested_by or "–", **more}


def _tell(
    people: Iterable[User], kind: str, sentence: str, approval: Approval, what: str, *, by: User | None = None
) -> None:
    address = reverse("campaigns:approval", args=[approval.pk])
    notifying.tell(people, kind, sentence, address=address, key=f"approval:{approval.pk}:{what}", by=by)


def turn(circle: Circle, rows: Iterable[Requirement], *, by: User | None) -> None:
    """It is the turn of these requirements."""
    approval = circle.approval
    said = _("%(by)s asks you to approve version %(number)s of “%(name)s”.") % _facts(approval)
    if approval.message:
        said += " " + _("“%(message)s”") % {"message": approval.message}
    for row in rows:
        asked = circle.named(row) | set(circle.stands_in.values())
        _tell(
            [user for user in circle.able(row) if user.pk in asked],
            "approval_requested",
            said,
            approval,
            f"turn:{row.pk}",
            by=by,
        )


def escalated(circle: Circle, row: Requirement) -> None:
    """Too few of those who were named are left: administrators are asked."""
    approval = circle.approval
    said = _(
        "“%(title)s” asks for more people than are left to approve version %(number)s of “%(name)s”, so an administrator "
        "has to: somebody has left, may not approve any more, or wrote it."
    )
    people = [circle.people[pk] for pk in sorted(circle.administrators)]
    _tell(people, "approval_requested", said % _facts(approval, title=row.title), approval, f"escalated:{row.pk}")


def approved(approval: Approval, *, by: User | None) -> None:
    facts = _facts(approval, person=by or _("the system"))
    said = _("Version %(number)s of “%(name)s” is approved by %(person)s; it may be published.") % facts
    _tell(concerned(approval), "approval_decided", said, approval, "approved", by=by)


def sent_back(approval: Approval, people: Iterable[User], *, by: User) -> None:
    facts = _facts(approval, person=by, answer=approval.answer)
    said = _("%(person)s sends version %(number)s of “%(name)s” back: “%(answer)s”") % facts
    _tell(concerned(approval), "approval_decided", said, approval, "sent_back", by=by)
    said = _("%(person)s sent version %(number)s of “%(name)s” back; it waits for you no more.") % facts
    _tell(people, "approval_withdrawn", said, approval, "sent_back_others", by=by)


def withdrawn(approval: Approval, people: Iterable[User], *, by: User | None) -> None:
    facts = _facts(approval, person=by or _("the system"))
    said = _("%(person)s withdraws the request for version %(number)s of “%(name)s”; it waits for you no more.") % facts
    _tell([*people, *concerned(approval)], "approval_withdrawn", said, approval, "withdrawn", by=by)


def expired(approval: Approval, people: Iterable[User]) -> None:
    said = _("Nobody decided version %(number)s of “%(name)s” in time; it is a draft again. Ask anew when it is ready.")
    _tell(concerned(approval), "approval_expired", said % _facts(approval), approval, "expired")
    said = _(
        "The request for version %(number)s of “%(name)s” was open too long and is closed; it waits for you no more."
    )
    _tell(people, "approval_withdrawn", said % _facts(approval), approval, "expired_others")


def due(circle: Circle) -> None:
    approval = circle.approval
    until = approval.due_at or approval.expires_at
    when = date_format(localtime(until), "DATETIME_FORMAT") if until else "–"
    said = _("Version %(number)s of “%(name)s” waits for your approval until %(when)s.") % _facts(approval, when=when)
    _tell(deciders(circle), "approval_due", said, approval, "due")


def delegated(approval: Approval, *, by: User, to: User, message: str) -> None:
    said = _("%(person)s asks you to decide version %(number)s of “%(name)s” in their place.")
    text = said % _facts(approval, person=by)
    if message:
        text += " " + _("“%(message)s”") % {"message": message}
    _tell([to], "approval_requested", text, approval, f"delegated:{by.pk}:{to.pk}", by=by)
