"""Long lists in pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

PLACES = "places"  # in the session: name of a list -> what follows the ? in its address
LONGEST = 2000


def paginate(
    request: HttpRequest,
    rows: QuerySet | Sequence[Any],
    per_page: int = 25,
    *,
    count: int | None = None,
    wide: bool = False,
) -> Page:
    """The page that ``?page=`` asks for; what is no number or too large becomes the nearest page.

    With ``count`` nobody asks the database again how many there are. ``wide`` says that the rows have much in them: those
    of the page are found by their keys then before they are read, else the columns of all of them would be sorted.
    """
    paginator = Paginator(rows, per_page)
    if count is not None:
        paginator.__dict__["count"] = count  # what its cached property would find
    page = paginator.get_page(request.GET.get("page"))
    if wide and isinstance(rows, QuerySet):
        start = (page.number - 1) * per_page
        page.object_list = rows.filter(pk__in=rows.values("pk")[start : start + per_page])
    return page


def remember(request: HttpRequest, view: str) -> None:
    """Keep where somebody is in a list, so that links back to it lead there."""
    asked, places = request.GET.urlencode()[:LONGEST], request.session.get(PLACES, {})
    if places.get(view, "") != asked:
        request.session[PLACES] = {**places, view: asked}


def back_to(request: HttpRequest, view: str) -> str:
    """The address of a list as the person left it: with its filters, its sort and its page."""
    asked = request.session.get(PLACES, {}).get(view, "")
    return reverse(view) + (f"?{asked}" if asked else "")
