"""What a program may ask of a campaign: the words of the answers, apart from how they travel."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from orchcamp.accounts import audit
from orchcamp.accounts.models import ApiToken
from orchcamp.web.errors import Refused

from . import console, reporting, signals
from .models import Campaign, Run, Signal

MOST_BYTES = 64 * 1024  # of a body
MOST_KEY = 200  # characters of an Idempotency-Key
COUNTED = ("targeted", "accepted", "refused", "in_doubt", "pending")


class ApiError(Exception):
    """An answer that is no success: its status, a code for programs, a sentence for people."""

    def __init__(self, status: int, code: str, message: str, **more: Any):
        super().__init__(message)
        self.status, self.code = status, code
        self.fields: Mapping[str, str] = more.pop("fields", {})
        self.headers: Mapping[str, str] = more.pop("headers", {})

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {"code": self.code, "message": str(self)}
        return {"error": found | ({"fields": dict(self.fields)} if self.fields else {})}


def parameters_in(body: bytes) -> dict[str, Any]:
    """The parameters that the body of a call brings; none when it is empty. Raises ApiError."""
    if not body:
        return {}
    try:
        read = json.loads(body.decode(), parse_constant=_no_number)
    except UnicodeDecodeError:
        raise ApiError(400, "json", _("The body is not UTF-8.")) from None
    except json.JSONDecodeError as error:
        said = {"line": error.lineno, "column": error.colno}
        raise ApiError(
            400, "json", _("The body is no JSON: look at line %(line)s, column %(column)s.") % said
        ) from None
    except (ValueError, RecursionError):
        raise ApiError(400, "json", _("The body holds a number that is none, or is nested too deep.")) from None
    if not isinstance(read, dict) or not isinstance(read.get("parameters", {}), dict):
        raise ApiError(400, "json", _("The body must be an object such as {“parameters”: {“name”: “value”}}."))
    if unknown := sorted(set(read) - {"parameters"}):
        names = ", ".join(unknown)[:200].encode(errors="replace").decode()
        raise ApiError(
            400, "json", _("The body may hold “parameters” only, not %(names)s; put them into it.") % {"names": names}
        )
    return read.get("parameters", {})


def _no_number(name: str) -> Any:
    raise ValueError(name)


def signal_key(token: ApiToken, given: str) -> str:
    """Our key of a signal from the Idempotency-Key of a call; one of its own where there is none. Raises ApiError."""
    if not given:
        return f"api-{uuid4().hex}"
    if len(given) > MOST_KEY:
        raise ApiError(
            400, "key", _("Idempotency-Key has more than %(most)s characters; shorten it.") % {"most": MOST_KEY}
        )
    return f"api-{token.pk}-{hashlib.sha256(given.encode()).hexdigest()[:40]}"


def send(campaign: Campaign, token: ApiToken, parameters: Mapping[str, Any], *, key: str) -> tuple[Signal, bool]:
    """The signal of a program, and whether it was taken by an earlier call with this key. Raises ApiError."""
    again = Signal.objects.filter(key=key, status=Signal.Status.TAKEN).exists()
    source = f"{token.owner} · {token.name}"
    try:
        sent = signals.send(campaign, parameters, key=key, source=source, by=token.owner, token=token)
    except signals.BadParameters as refusal:
        raise ApiError(400, refusal.code, str(refusal), fields=refusal.faults) from None
    except signals.TooSoon as refusal:
        raise ApiError(429, refusal.code, str(refusal), headers={"Retry-After": str(refusal.wait)}) from None
    except Refused as refusal:
        raise ApiError(409, getattr(refusal, "code", signals.SignalError.code), str(refusal)) from None
    if sent.run is None:
        raise ApiError(409, "gone", _("The run that took this signal is there no more; send a new key."))
    if again:
        audit.record(token.owner, "sent signal again", campaign, token=token.name, run=sent.run.pk)
    return sent, again


def run_as_json(run: Run) -> dict[str, Any]:
    """How far a run is, for the program that follows it: in words, and in counts by channel."""
    delivered: dict[str, reporting.Books] = {}
    deliveries = list(reporting.deliveries_of(run.campaign, run))
    books = reporting.books(deliveries)
    for delivery in deliveries:
        delivered[delivery.channel] = delivered.get(delivery.channel, reporting.Books()) + books[delivery.pk]
    return {
        **brief(run),
        "started": run.started_at.isoformat(),
        "finished": run.finished_at.isoformat() if run.finished_at else None,
        "error": run.error,
        "channels": {channel: _counts(kept) for channel, kept in delivered.items()},
    }


def _counts(books: reporting.Books) -> dict[str, int]:
    return {"excluded": books.left_out, **{name: getattr(books, name) for name in COUNTED}}


def brief(run: Run) -> dict[str, Any]:
    """A run in a line: its number, campaign, status, and where to ask for it again."""
    place = reverse("campaigns:api_run", args=[run.campaign.slug, run.pk])
    return {
        "run": run.pk,
        "campaign": run.campaign.slug,
        "status": console.status_of(run),
        "url": f"{settings.BASE_URL}{place}",
    }
