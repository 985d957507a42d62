"""The sticky notes of a canvas: the form in the side panel, and what a drag says."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from activities.notes import Note
from campaigns import drawing, note_drawing, notes
from campaigns.errors import CampaignError
from campaigns.models import Campaign, CampaignVersion
from orchcamp.web.fragments import wants_fragment

from . import scenes
from .changes import changed, draft_of, refused


@require_http_methods(["GET", "POST"])
def add_note(request: HttpRequest, slug: str) -> HttpResponse:
    """GET: an empty note to write. POST: put it on the canvas."""
    campaign, version = draft_of(request, slug)
    node = request.GET.get("node", "") if request.method == "GET" else request.POST.get("node", "")
    if request.method == "GET":
        if not wants_fragment(request) or not version.is_draft:
            return redirect(scenes.address(campaign))
        return _form(request, campaign, version, Note("", "", node=node if node in version.graph.nodes else ""))
    made: list[str] = []

    def change(**who: Any) -> None:
        x, y = note_drawing.free_spot(version.graph, drawing.ports(version.graph), node)
        fields = {"text": "", "x": x, "y": y, "node": node, **_sent(request)}
        made.append(notes.add(version, **fields, **who)[1])

    def answer() -> HttpResponse:
        return _form(request, campaign, version, version.graph.notes[made[0]], saved=True)

    return changed(request, campaign, version, change, answer=answer)


@require_http_methods(["GET", "POST"])
def change_note(request: HttpRequest, slug: str, note_id: str) -> HttpResponse:
    """GET: the note to be written in. POST: its text, colour or place, or one step a ``way``; what is not sent stays."""
    campaign, version = draft_of(request, slug)
    if request.method == "GET":
        if not wants_fragment(request):
            return redirect(scenes.address(campaign))
        if note_id not in version.graph.notes or not version.is_draft:
            return refused(request, campaign, _("This note is no longer here to be changed; reload the page."))
        return _form(request, campaign, version, version.graph.notes[note_id])
    dragged = "text" not in request.POST

    def answer() -> HttpResponse:
        if dragged:  # the panel may hold something else: a drag leaves it alone
            return HttpResponse(status=204)
        return _form(request, campaign, version, version.graph.notes[note_id], saved=True)

    def change(**who: Any) -> None:
        sent = _sent(request)
        if "way" in request.POST:
            sent |= notes.moved(version.graph.note(note_id), request.POST["way"])
        notes.change(version, note_id, **sent, **who)

    return changed(request, campaign, version, change, answer=answer)


@require_POST
def remove_note(request: HttpRequest, slug: str, note_id: str) -> HttpResponse:
    campaign, version = draft_of(request, slug)
    return changed(request, campaign, version, lambda **who: notes.remove(version, note_id, **who))


def _sent(request: HttpRequest) -> dict[str, Any]:
    """What a form or a drag says of a note. Raises CampaignError for a place that is no number."""
    found: dict[str, Any] = {name: request.POST[name] for name in ("text", "colour") if name in request.POST}
    for name in ("x", "y"):
        if name in request.POST:
            found[name] = _number(request.POST[name])
    return found


def _number(text: str) -> int:
    try:
        return round(float(text))
    except (ValueError, OverflowError):
        raise CampaignError(_("The place of a note is two numbers.")) from None


def _form(
    request: HttpRequest, campaign: Campaign, version: CampaignVersion, note: Note, *, saved: bool = False
) -> HttpResponse:
    pinned = version.graph.nodes.get(note.node)
    context = {"campaign": campaign, "version": version, "revision": str(version.revision), "note": note}
    context |= {
        "pinned": pinned,
        "colours": notes.colours(),
        "ways": notes.ways(),
        "saved": saved,
        "most": notes.MAX_TEXT,
    }
    return render(request, "campaigns/_note.html", context)
