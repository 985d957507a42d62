"""Telling people what happened: one notification a person and key, by the bell and by mail as each of them wants it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.utils import timezone

from .models import User
from .notification import Mail, Notification, NotificationPreference

AT_ONCE = 500  # people of one statement
P = Notification.Plan


@dataclass(frozen=True)
class Kind:
    """A kind of news that a person can choose how to hear of."""

    slug: str
    label: Any
    help: Any  # when one is told, in a sentence
    mail: str = Mail.DIGEST  # for those who have not chosen
    unwritten: Callable[[Notification, str], None] | None = None  # is called when a mail could not be written, and why


KINDS: dict[str, Kind] = {}  # in the order of their declaration, which is that of the preferences


def declare(*kinds: Kind) -> None:
    """Make kinds known; each app does so when it is ready."""
    for kind in kinds:
        if KINDS.setdefault(kind.slug, kind) != kind:
            raise ValueError(f"Another kind of notification is called {kind.slug}.")


def tell(
    people: Iterable[User],
    kind: str,
    sentence: str,
    *,
    address: str,
    key: str,
    by: User | None = None,
    title: str = "",
) -> None:
    """Tell people of something that happened, each once for a key; neither ``by`` itself nor people who have left.

    ``address`` is the path of the page to which it leads, ``title`` what a mail is about (else the kind's name). Called
    inside the transaction of what it tells of: a worker writes the mails once that is through.
    """
    declared = KINDS[kind]
    if not address.startswith("/") or address.startswith("//"):
        raise ValueError(f"An address begins with one slash: {address}")
    now = timezone.now()
    addressed = _addressed(people, by)
    while some := list(islice(addressed, AT_ONCE)):
        chosen = {row.person_id: row for row in NotificationPreference.objects.filter(kind=kind, person__in=some)}
        Notification.objects.bulk_create(
            [
                Notification(
                    person=person,
                    kind=kind,
                    key=key[:200],
                    title=" ".join(title.split())[:200],
                    sentence=sentence,
                    address=address[:500],
                    by=by,
                    at=now,
                    **_ways(person, declared, chosen.get(person.pk)),
                )
                for person in some
            ],
            ignore_conflicts=True,
        )


def _addressed(people: Iterable[User], by: User | None) -> Iterator[User]:
    seen = {by.pk} if by is not None else set()
    for person in people:
        if person.is_active and person.pk not in seen:
            seen.add(person.pk)
            yield person


def _ways(person: User, kind: Kind, chosen: NotificationPreference | None) -> dict[str, Any]:
    """By bell, and by which mail."""
    mail = chosen.mail if chosen else kind.mail
    if mail != Mail.NEVER and not person.email:
        mail = P.NO_ADDRESS
    return {"bell": chosen.bell if chosen else True, "mail": P(mail)}
