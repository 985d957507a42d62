"""My work, and the boards of teams."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET

from campaigns import waiting, worklist
from campaigns.models import Campaign
from campaigns.work import boards, finding
from orchcamp.accounts.access import holds, may
from orchcamp.web.fragments import render_fragment
from orchcamp.web.lists import paginate


@require_GET
def my_work(request: HttpRequest) -> HttpResponse:
    """What waits for the person, the most urgent first; ``?kind=`` shows one kind, whole and in pages."""
    counts = request.waiting = worklist.counts(request.user)
    chosen = request.GET.get("kind", "")
    context: dict[str, Any] = {
        "tabs": [(name, kind, counts[name]) for name, kind in waiting.KINDS.items() if counts[name] or name == chosen],
        "everything": sum(counts[name] for name in waiting.KINDS),
        "kind": chosen if chosen in waiting.KINDS else "",
        "may_view": may(request.user, "view", Campaign),
        "here": request.get_full_path(),
    }
    if kind := waiting.KINDS.get(chosen):
        page = paginate(request, kind.rows(request.user))
        page.object_list = [kind.line(row) for row in page.object_list]
    else:
        page = paginate(request, waiting.lines(request.user, counts))
        context["cut"] = any(counts[name] > waiting.MOST for name in waiting.KINDS)
    return render_fragment(request, "campaigns/work.html", "campaigns/_work_body.html", context | {"page": page})


@require_GET
def menu_numbers(request: HttpRequest) -> HttpResponse:
    """The numbers of the menu: every page asks for them after it is there, so that none waits for them."""
    shown = holds(request.user, "campaigns.view_campaign")  # as the menu itself
    numbers = worklist.menu(worklist.counts(request.user)) if shown else {}
    return render(request, "campaigns/_menu_numbers.html", {"numbers": numbers})


@require_GET
def board_list(request: HttpRequest) -> HttpResponse:
    """The teams on whose boards the person may look; who is in just one goes there at once."""
    teams = finding.teams(request.user)
    if len(teams) == 1:
        return redirect("campaigns:board", teams[0].pk)
    return render(request, "campaigns/board_list.html", {"teams": teams, "mine": _mine(request)})


@require_GET
def board(request: HttpRequest, group_id: int) -> HttpResponse:
    """The board of a team, for its members and those who administer; ``?person=`` shows what one of them does."""
    found = board_of(request, group_id, request.GET.get("person", ""))
    return render_fragment(request, "campaigns/board.html", "campaigns/_board.html", found)


def board_of(request: HttpRequest, group_id: int, person: str) -> dict[str, Any]:
    """What the template of a board needs."""
    allowed = [team.pk for team in finding.teams(request.user)]
    team = get_object_or_404(Group.objects.filter(pk__in=allowed), pk=group_id)
    person = person[:150]
    return {"board": boards.of(team, request.user, person=person), "person": person, "teams": len(allowed)}


def _mine(request: HttpRequest) -> set[int]:
    return set(request.user.groups.values_list("pk", flat=True))
