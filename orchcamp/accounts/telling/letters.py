"""The letters to people: gathered from what they are told, claimed by a worker, handed over at most once.

Several workers may do any of this at the same time, and be killed at any moment. A letter that was begun and not
answered is in doubt: it is shown, and not written again.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from smtplib import SMTPException, SMTPServerDisconnected
from typing import Any

from django.conf import settings
from django.core.mail import get_connection
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from orchcamp.accounts import notifying
from orchcamp.accounts.models import Letter, Notification

from . import texts

logger = logging.getLogger(__name__)
S, P = Letter.State, Notification.Plan
AT_ONCE = 500  # notifications that are gathered in one go
OF_ERRAND = 20  # letters that one worker is given at once
ERRANDS = 10  # of one look
ATTEMPTS = 3
AGAIN_AFTER = timedelta(minutes=5)
LOST_AFTER = timedelta(minutes=10)  # so long nobody answers: the worker that wrote is gone


# --- Gathering ------------------------------------------------------------------------------------------


def gather() -> int:
    """Put what is to be told by mail at once into letters, one a person; how many letters there are by that."""
    with transaction.atomic():
        waiting = Notification.objects.select_for_update(skip_locked=True).filter(mail=P.NOW).order_by("pk")
        return len(_lettered(list(waiting[:AT_ONCE])))


def _lettered(told: list[Notification]) -> list[Letter]:
    """A letter for each person of some notifications, which it holds from then on."""
    people = dict.fromkeys(one.person_id for one in told)
    letters = Letter.objects.bulk_create([Letter(person_id=pk) for pk in people]) if people else []
    of = {letter.person_id: letter for letter in letters}
    for one in told:
        one.letter, one.mail = of[one.person_id], P.GATHERED
    Notification.objects.bulk_update(told, ["letter", "mail"], batch_size=AT_ONCE)
    return letters


# --- Claiming -------------------------------------------------------------------------------------------


def claim_due(now: datetime) -> list[str]:
    """Take the letters that are to be written now; the errands in which they are, each for one worker."""
    lost = Letter.objects.filter(state=S.SENDING, not_before__lt=now)
    lost.filter(begun_at=None).update(state=S.WAITING, claim="", not_before=None)
    for letter in lost.exclude(begun_at=None):
        _end(letter, S.DOUBT, _("The worker that wrote was lost; nobody knows whether the mail went out."))
    due = Letter.objects.filter(state=S.WAITING).exclude(not_before__gt=now).order_by("pk")
    keys = list(due.values_list("pk", flat=True)[: OF_ERRAND * ERRANDS])
    errands = []
    for start in range(0, len(keys), OF_ERRAND):
        errand = uuid.uuid4().hex
        mine = Letter.objects.filter(pk__in=keys[start : start + OF_ERRAND], state=S.WAITING)
        if mine.update(state=S.SENDING, claim=errand, not_before=now + LOST_AFTER, begun_at=None):
            errands.append(errand)
    return errands


# --- Writing --------------------------------------------------------------------------------------------


def write(errand: str) -> None:
    """Write the letters of an errand. One that cannot be handed over keeps no other back, and breaks nothing."""
    connection = get_connection()
    try:
        for letter in Letter.objects.filter(claim=errand, state=S.SENDING).select_related("person"):
            if not letter.person.is_active or not letter.person.email:
                _end(letter, S.LEFT_OUT, _("The person has left, or has no e-mail address."))
            elif _reached(letter, connection) and _begun(letter):
                _hand_over(letter, connection)
    finally:
        connection.close()


def _reached(letter: Letter, connection: Any) -> bool:
    """Whether the mail server is there; where it is not, nothing was begun, and the letter waits."""
    try:
        if settings.EMAIL_BACKEND.endswith("smtp.EmailBackend") and not settings.EMAIL_HOST:
            raise OSError(_("EMAIL_URL is not set, or cannot be read; write it as smtp+tls://user:password@host:587."))
        connection.open()
    except (SMTPException, OSError) as error:
        _put_off(letter, error)
        return False
    return True


def _begun(letter: Letter) -> bool:
    """From here on the letter may have gone out; whether it is this worker that writes it."""
    mine = Letter.objects.filter(pk=letter.pk, claim=letter.claim, state=S.SENDING, begun_at=None)
    now = timezone.now()
    return bool(mine.update(begun_at=now, not_before=now + LOST_AFTER))


def _hand_over(letter: Letter, connection: Any) -> None:
    try:
        texts.mail(letter, list(letter.notifications.order_by("at", "pk")), connection).send()
    except SMTPServerDisconnected as error:
        _in_doubt(letter, connection, error)
    except (SMTPException, ValueError) as error:  # the server, or the address, said no
        _put_off(letter, error)
    except OSError as error:
        _in_doubt(letter, connection, error)
    else:
        _end(letter, S.SENT, "")


def _in_doubt(letter: Letter, connection: Any, error: Exception) -> None:
    """The server went away while it had the mail: it may have taken it."""
    connection.close()
    problem = _("The mail server went away before it answered, so the mail may have gone out: %(why)s")
    _end(letter, S.DOUBT, problem % {"why": error})


def _put_off(letter: Letter, error: Exception) -> None:
    """Try again later, or leave it and say so where people look."""
    attempts, person = letter.attempts + 1, letter.person
    problem = _("The mail to %(name)s could not be handed over: %(why)s") % {"name": person.username, "why": error}
    logger.warning("Letter %s: %s", letter.pk, problem)
    if attempts >= ATTEMPTS:
        _end(letter, S.FAILED, problem, attempts=attempts)
    else:
        later = {"claim": "", "begun_at": None, "not_before": timezone.now() + AGAIN_AFTER}
        _mine(letter).update(state=S.WAITING, attempts=attempts, problem=problem, **later)


def _end(letter: Letter, state: str, problem: str, **more: Any) -> None:
    with transaction.atomic():
        ended = _mine(letter).update(state=state, problem=problem, not_before=None, **more)
        if ended and state in {S.FAILED, S.DOUBT}:
            _say_unwritten(letter.notifications.all(), problem)


def _say_unwritten(told: Iterable[Notification], problem: str) -> None:
    """Let the app whose news it is say that somebody could not be written to."""
    for one in told:
        kind = notifying.KINDS.get(one.kind)
        if kind is not None and kind.unwritten is not None:
            kind.unwritten(one, problem)


def _mine(letter: Letter) -> Any:
    return Letter.objects.filter(pk=letter.pk, claim=letter.claim, state=S.SENDING)


# --- Looking --------------------------------------------------------------------------------------------


def unwritten(most: int) -> list[Letter]:
    """The letters that did not go out, or of which nobody knows; the latest first."""
    found = Letter.objects.filter(state__in=[S.FAILED, S.DOUBT]).select_related("person")
    return list(found.prefetch_related("notifications")[:most])
