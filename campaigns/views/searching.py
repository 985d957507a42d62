"""Search as a page, and as the list in the command palette."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from campaigns import searching
from orchcamp.web.fragments import render_fragment, wants_fragment


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """Everything that fits ``q`` and that the person may see."""
    text = request.GET.get("q", "")[:120]
    most = searching.MOST if wants_fragment(request) else searching.MOST_ON_PAGE
    groups = searching.search(request.user, text, most=most)
    context = {"text": text, "found": groups, "number": searching.count(groups)}
    return render_fragment(request, "campaigns/search.html", "campaigns/_search_options.html", context)
