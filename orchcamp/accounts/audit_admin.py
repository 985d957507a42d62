"""The audit trail in the administration: searched, narrowed, exported; never changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import FieldTextFilter, RangeDateFilter
from unfold.utils import parse_date_str

from orchcamp.web import csvs

from . import audit
from .models import AuditEntry

COLUMNS = ("at", "actor_name", "verb", "kind", "object_id", "label", "source")


class ByPerson(FieldTextFilter):
    """Who did it: a part of the name, of people who are gone too."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.title = _("person")


class ByObject(FieldTextFilter):
    """What it was done to: a part of its name."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.title = _("object")


class Period(RangeDateFilter):
    """From one day to another, both with all their hours."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.title = _("period")

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        first, last = (self._day(end) for end in ("from", "to"))
        if first:
            queryset = queryset.filter(at__gte=first)
        return queryset.filter(at__lt=last + timedelta(days=1)) if last else queryset

    def _day(self, end: str) -> datetime | None:
        day = parse_date_str(str(self.used_parameters.get(f"{self.parameter_name}_{end}") or ""))
        return timezone.make_aware(datetime.combine(day, time.min)) if day else None


@admin.register(AuditEntry)
class AuditEntryAdmin(ModelAdmin):
    """To be read only."""

    list_display = ["at", "who", "what", "about", "named", "source"]
    list_filter = [("actor_name", ByPerson), "kind", ("label", ByObject), ("at", Period), "verb"]
    list_filter_submit = True
    search_fields = ["actor_name", "verb", "label", "object_id", "source"]
    list_per_page = 20
    show_full_result_count = False  # the trail is long
    actions = ["as_csv"]
    fields = [*COLUMNS, "what_changed", "details", "same"]

    def get_readonly_fields(self, request: HttpRequest, obj: AuditEntry | None = None) -> list[str]:
        return list(self.fields)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False

    @admin.display(description=_("who"), ordering="actor_name")
    def who(self, entry: AuditEntry) -> str:
        return entry.actor_name

    @admin.display(description=_("did"), ordering="verb")
    def what(self, entry: AuditEntry) -> str:
        return entry.verb

    @admin.display(description=_("to"), ordering="kind")
    def about(self, entry: AuditEntry) -> str:
        """The kind of object in a word, as long as there is such a kind."""
        try:
            return str(apps.get_model(entry.kind)._meta.verbose_name) if entry.kind else "–"
        except (LookupError, ValueError):
            return entry.kind

    @admin.display(description=_("name"), ordering="label")
    def named(self, entry: AuditEntry) -> str:
        return entry.label or "–"

    @admin.display(description=_("before → after"))
    def what_changed(self, entry: AuditEntry) -> Any:
        rows = ((name, _shown(before), _shown(after)) for name, (before, after) in _changes(entry).items())
        return format_html_join("", "<div><strong>{}</strong>: {} → {}</div>", rows) or "–"

    @admin.display(description=_("details"))
    def details(self, entry: AuditEntry) -> Any:
        facts = {name: value for name, value in entry.facts.items() if name != "changes"}
        return format_html("<pre>{}</pre>", json.dumps(facts, indent=2, ensure_ascii=False)) if facts else "–"

    @admin.display(description=_("more"))
    def same(self, entry: AuditEntry) -> Any:
        """Everything that was done to the same object."""
        if not entry.kind:
            return "–"
        asked = urlencode({"kind": entry.kind, "object_id": entry.object_id})
        address = reverse("admin:accounts_auditentry_changelist")
        return format_html('<a href="{}?{}">{}</a>', address, asked, _("Everything about this object"))

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return lookup in {"kind", "object_id", "actor"} or super().lookup_allowed(lookup, value, request)

    @admin.action(description=_("Export as CSV"))
    def as_csv(self, request: HttpRequest, entries: QuerySet[AuditEntry]) -> StreamingHttpResponse:
        """What was ticked, or all that the filters leave."""
        audit.record(request.user, "exported the audit trail", entries=entries.count())
        return csvs.download(_rows(entries), "audit")


def _rows(entries: QuerySet[AuditEntry]) -> Iterator[list[str]]:
    yield [*COLUMNS, "facts"]
    for entry in entries.iterator(chunk_size=2000):
        told = [str(getattr(entry, name)) for name in COLUMNS[1:]]
        yield [entry.at.isoformat(), *told, json.dumps(entry.facts, ensure_ascii=False)]


def _changes(entry: AuditEntry) -> dict[str, list[Any]]:
    found = entry.facts.get("changes")
    return found if isinstance(found, dict) else {}


def _shown(value: Any) -> str:
    if value in (None, "", [], {}):
        return "–"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
