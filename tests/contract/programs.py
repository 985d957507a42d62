"""What programs do in the tests of the contract: they call, and read what they are told."""

from __future__ import annotations

import json
from datetime import timedelta

from django.test import Client

from campaigns import execution
from campaigns.models import Run, Signal

ADDRESS = "/api/v1/campaigns/second/signal"
LYON = {"parameters": {"town": "Lyon"}}
HOUR = timedelta(hours=1)


def call(secret: str | None, body=None, *, address: str = ADDRESS, method: str = "post", **headers: str):
    """An answer, as a program gets it; the body is JSON unless it is bytes."""
    content = body if isinstance(body, bytes) else json.dumps(LYON if body is None else body).encode()
    given = {"Authorization": f"Bearer {secret}"} if secret else {}
    sends = (
        {"data": content, "content_type": headers.pop("content_type", "application/json")} if method != "get" else {}
    )
    return getattr(Client(), method)(address, headers=given | headers, **sends)


def refused(answer, status: int, code: str) -> dict:
    """What an error says, once it has the form of every error."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/json"
    found = answer.json()
    assert set(found) == {"error"} and set(found["error"]) <= {"code", "message", "fields"}
    assert found["error"]["code"] == code and found["error"]["message"]
    return found["error"]


def later(by: timedelta = HOUR) -> None:
    """As if what was taken had been taken that much earlier."""
    for sent in Signal.objects.exclude(taken_at=None):
        Signal.objects.filter(pk=sent.pk).update(taken_at=sent.taken_at - by)


def finish() -> None:
    for run in Run.objects.open().live():
        execution.run_to_end(run)
