"""Long lists in pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest


def paginate(request: HttpRequest, rows: QuerySet | Sequence[Any], per_page: int = 25) -> Page:
    """The page that ``?page=`` asks for; what is no number or too large becomes the nearest page."""
    return Paginator(rows, per_page).get_page(request.GET.get("page"))
