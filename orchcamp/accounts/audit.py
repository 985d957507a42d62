"""The one way to write the audit trail, and what tells where an entry comes from."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import models
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse

from .models import AuditEntry

LONGEST = 500  # characters of a value
HIDDEN = "•••"
SYSTEM = "system"  # a worker or a command
_source: ContextVar[str] = ContextVar("audit_source", default=SYSTEM)
_really: ContextVar[tuple[Any, Any] | None] = ContextVar("audit_really", default=None)


@contextmanager
def coming_from(source: str) -> Iterator[None]:
    """Everything recorded meanwhile comes from there: the address of a request, the name of a command."""
    token = _source.set(source[:80])
    try:
        yield
    finally:
        _source.reset(token)


@contextmanager
def really(person: Any, seen_as: Any) -> Iterator[None]:
    """What is recorded of ``seen_as`` meanwhile was done by ``person``, who looks as them."""
    token = _really.set((person, seen_as))
    try:
        yield
    finally:
        _really.reset(token)


class SourceMiddleware:
    """What a request does comes from its address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with coming_from(request.META.get("REMOTE_ADDR") or "unknown address"):
            return self.get_response(request)


def record(actor: Any, verb: str, obj: models.Model | None = None, **facts: Any) -> None:
    """Note that ``actor`` (None: the system) did ``verb`` to ``obj``, with facts that JSON can hold."""
    person, seen_as = _really.get() or (None, None)
    if person is not None and actor is not None and actor.pk == seen_as.pk:
        actor, facts = person, {**facts, "looking_as": seen_as.username}
    AuditEntry.objects.create(
        actor=actor,
        actor_name=str(actor or "system"),
        verb=verb,
        kind=obj._meta.label_lower if obj else "",
        object_id=str(obj.pk) if obj else "",
        label=str(obj)[:200] if obj else "",
        source=_source.get(),
        facts=facts,
    )


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Field → [before, after] of what differs, for ``record(…, changes=…)``; long texts are cut."""
    names = [name for name in after if before.get(name) != after[name]]
    return {name: [_plain(before.get(name)), _plain(after[name])] for name in names}


def form_changes(form: BaseForm, *, secret: Collection[str] = ()) -> dict[str, list[Any]]:
    """The same of what a form changed; of a secret it is told that it changed, and no more."""
    told = [name for name in form.changed_data if name not in secret]
    changes = differences(
        {name: form.get_initial_for_field(form.fields[name], name) for name in told},
        {name: form.cleaned_data.get(name) for name in told},
    )
    return changes | {name: [HIDDEN, HIDDEN] for name in secret if name in form.changed_data}


def _plain(value: Any) -> Any:
    """What JSON can hold, and a person can read in a line."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | dict):
        text = json.dumps(value, ensure_ascii=False, default=str)
        return json.loads(text) if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
