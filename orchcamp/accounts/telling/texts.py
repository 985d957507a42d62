"""What a letter says: as text, and the same as simple HTML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orchcamp.accounts import notifying
from orchcamp.accounts.models import Letter, Notification

MOST = 100  # notifications that one letter tells in full


def mail(letter: Letter, told: Sequence[Notification], connection: Any = None) -> EmailMultiAlternatives:
    """The mail of a letter; it holds no more of a customer than the sentences of the bell do."""
    context = {
        "letter": letter,
        "entries": [
            {"what": what(one), "sentence": one.sentence, "address": _link(one.address)} for one in told[:MOST]
        ],
        "more": max(0, len(told) - MOST),
        "all": _link(reverse("accounts:notifications")),
        "choose": _link(reverse("accounts:notification_preferences")),
        "why": _why(told),
    }
    message = EmailMultiAlternatives(
        " ".join(f"[Orchcamp] {subject(letter, told)}".split())[:200],
        render_to_string("accounts/mail/letter.txt", context),
        to=[letter.person.email],
        headers={"Auto-Submitted": "auto-generated"},
        connection=connection,
    )
    message.attach_alternative(render_to_string("accounts/mail/letter.html", context), "text/html")
    return message


def subject(letter: Letter, told: Sequence[Notification]) -> str:
    """What a letter is about, in a line."""
    if letter.day is not None:
        number = ngettext("%(n)s notification", "%(n)s notifications", len(told)) % {"n": len(told)}
        return _("Digest of %(day)s: %(number)s") % {"day": formats.date_format(letter.day), "number": number}
    if len(told) == 1:
        return what(told[0])
    return ngettext("%(n)s notification", "%(n)s notifications", len(told)) % {"n": len(told)}


def what(one: Notification) -> str:
    """What a notification is about: its title, else the name of its kind."""
    kind = notifying.KINDS.get(one.kind)
    return one.title or (str(kind.label) if kind else one.kind)


def _why(told: Sequence[Notification]) -> str:
    """Why one is written to: the kinds, in their own words."""
    kinds = dict.fromkeys(one.kind for one in told)
    return " ".join(str(notifying.KINDS[slug].help) for slug in kinds if slug in notifying.KINDS)


def _link(address: str) -> str:
    return f"{settings.BASE_URL}{address}"
