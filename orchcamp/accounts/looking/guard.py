"""The last line: no statement of a request that only looks changes anything, whatever its view does."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied

from ..models import AuditEntry, BrowserSession

CHANGES = re.compile(r'\s*(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|REPLACE\s+INTO)\s+"?([\w.]+)"?', re.IGNORECASE)
OWN = frozenset({BrowserSession._meta.db_table, AuditEntry._meta.db_table, "cache_entries"})


def reads_only(sentence: str) -> Callable[..., Any]:
    """A wrapper of statements for ``connection.execute_wrapper``: sessions, cache and the audit trail go on."""

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found = CHANGES.match(sql)
        if found and found.group(1) not in OWN:
            raise PermissionDenied(sentence)
        return execute(sql, params, many, context)

    return wrapper
