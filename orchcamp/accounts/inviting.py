"""Links by which people choose their first password, sent by mail where mail is set up."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from smtplib import SMTPException
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _

from . import audit
from .models import User

logger = logging.getLogger(__name__)
MOST_MAILS = 200  # in one go: a page that waits for more is taken for broken


def address(person: User) -> str:
    """Good for three days and for one password."""
    number = urlsafe_base64_encode(force_bytes(person.pk))
    token = default_token_generator.make_token(person)
    return settings.BASE_URL + reverse("accounts:set_password", args=[number, token])


def link(person: User, *, by: Any) -> str:
    with transaction.atomic():
        audit.record(by, "made a one-time link", person)
        return address(person)


def by_mail() -> bool:
    """Whether mail can be sent at all."""
    return bool(settings.EMAIL_HOST)


def invite(people: Iterable[User], *, by: Any) -> tuple[list[User], list[tuple[User, str]]]:
    """Who was written to, and the links of those who were not: without an address, without a server, or too many."""
    sent: list[User] = []
    listed: list[tuple[User, str]] = []
    post = _Post(MOST_MAILS if by_mail() else 0)
    for person in people:
        where = address(person)
        written = post.send(person, where)
        if written:
            audit.record(by, "invited", person)
            sent.append(person)
        else:
            listed.append((person, where))
    post.close()
    if listed:
        audit.record(
            by, "made one-time links", n=len(listed), people=[person.username for person, _link in listed][:100]
        )
    return sent, listed


class _Post:
    """One connection for all, given up at the first failure: the rest is shown as links at once, not after timeouts."""

    def __init__(self, most: int):
        self.left = most
        self.connection = get_connection() if most else None

    def send(self, person: User, where: str) -> bool:
        if not self.left or not person.email:
            return False
        try:
            EmailMessage(
                _("Your access to Orchcamp"), _letter(person, where), to=[person.email], connection=self.connection
            ).send()
        except (OSError, SMTPException, ValueError) as error:
            logger.warning("the invitation of %s could not be sent: %s", person.username, error)
            self.left = 0
            return False
        self.left -= 1
        return True

    def close(self) -> None:
        if self.connection:
            self.connection.close()


def _letter(person: User, where: str) -> str:
    return _(
        "Hello %(name)s,\n\nyou have been given access to Orchcamp as “%(username)s”. Choose your password here,"
        " within three days:\n\n%(link)s\n\nIf you did not expect this, ignore it: without the password nobody gets in."
    ) % {"name": person, "username": person.username, "link": where}


def subjects(person: User) -> list[SocialAccount]:
    """What the person is called by the provider of single sign-on."""
    return list(SocialAccount.objects.filter(user=person))
