"""The audit trail in the administration: searched, narrowed, exported; never changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from orchcamp.web import csvs

from . import audit
from .models import AuditEntry

COLUMNS = ("at", "actor_name", "verb", "kind", "object_id", "label", "source")


@admin.register(AuditEntry)
class AuditEntryAdmin(ModelAdmin):
    """To be read only."""

    list_display = ["at", "actor_name", "verb", "kind", "label", "source"]
    list_filter = ["verb", "kind", ("at", admin.DateFieldListFilter)]
    search_fields = ["actor_name", "verb", "label", "object_id", "source"]
    list_per_page = 50
    show_full_result_count = False  # the trail is long
    actions = ["as_csv"]
    fields = [*COLUMNS, "what_changed", "details"]

    def get_readonly_fields(self, request: HttpRequest, obj: AuditEntry | None = None) -> list[str]:
        return list(self.fields)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False

    @admin.display(description=_("before → after"))
    def what_changed(self, entry: AuditEntry) -> Any:
        rows = ((name, _shown(before), _shown(after)) for name, (before, after) in _changes(entry).items())
        return format_html_join("", "<div><strong>{}</strong>: {} → {}</div>", rows) or "–"

    @admin.display(description=_("details"))
    def details(self, entry: AuditEntry) -> Any:
        facts = {name: value for name, value in entry.facts.items() if name != "changes"}
        return format_html("<pre>{}</pre>", json.dumps(facts, indent=2, ensure_ascii=False)) if facts else "–"

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
