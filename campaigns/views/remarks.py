"""Comments on pages: the part that shows them, what is written, answered, edited, deleted, resolved; suggested names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from campaigns import comments, mentions
from campaigns.comments import Subject
from campaigns.errors import NotAllowed
from campaigns.models import Campaign, CampaignVersion, Comment, Mention, Run
from orchcamp.accounts import access
from orchcamp.accounts.access import get_for
from orchcamp.web.errors import Refused
from orchcamp.web.fragments import back, render_fragment, wants_fragment
from orchcamp.web.numbers import whole

PARTS = ("campaign", "version", "run", "task", "author")


def context(request: HttpRequest, subject: Subject) -> dict[str, Any]:
    """What the part of a page with comments needs."""
    may_write = comments.may_comment(request.user, subject.campaign)
    most = comments.EVERY if request.GET.get("all") == "1" else comments.SHOWN
    threads, earlier = comments.threads(subject, most)
    return {
        "subject": subject,
        "campaign": subject.campaign,
        "threads": threads,
        "earlier": earlier,
        "may_write": may_write,
        "missing_comment": "" if may_write else access.refusal(Comment, "add"),
        "may_moderate": access.may(request.user, "delete", Comment),
    }


def answer(request: HttpRequest, subject: Subject) -> HttpResponse:
    """Show what is said about something, or (POST) say more: ``text``, in answer to ``thread``."""
    if request.method == "GET":
        return _show(request, subject)
    thread = None
    if number := whole(request.POST.get("thread")):
        about = Comment.objects.filter(campaign=subject.campaign, **subject.fields)
        thread = get_object_or_404(about.select_related(*PARTS), pk=number)
    text = request.POST.get("text", "")
    answered = thread.pk if thread and thread.resolved_at is None else 0  # where there is a box for it
    typed = {"typed": text, "typed_in": answered}
    try:
        _comment, named = comments.write(subject, text, by=request.user, thread=thread)
    except NotAllowed as refused:
        raise PermissionDenied(str(refused)) from None
    except Refused as refused:
        return _show(request, subject, refusal=str(refused), **typed)
    return _done(request, subject, named.complaint)


def _show(request: HttpRequest, subject: Subject, **more: Any) -> HttpResponse:
    found = context(request, subject) | more
    return render_fragment(request, "campaigns/comments.html", "campaigns/_comments.html", found)


def _done(request: HttpRequest, subject: Subject, complaint: str = "") -> HttpResponse:
    """The comments as they are now; a name that reaches nobody is told."""
    if not wants_fragment(request):
        if complaint:
            messages.warning(request, complaint)
        return redirect(f"{subject.page}#comments-{subject.key}")
    response = _show(request, subject, complaint=complaint)
    return trigger_client_event(response, "comments-changed", {})


# --- The places ----------------------------------------------------------------------------------------------


def _campaign(request: HttpRequest, slug: str) -> Campaign:
    campaign: Campaign = get_for(request.user, "view", Campaign.objects.select_related("folder"), slug=slug)
    return campaign


@require_http_methods(["GET", "POST"])
def of_node(request: HttpRequest, slug: str, node_id: str) -> HttpResponse:
    """What is said about a node, also after it was removed."""
    return answer(request, Subject(_campaign(request, slug), node_id=node_id[:60]))


@require_http_methods(["GET", "POST"])
def of_version(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    campaign = _campaign(request, slug)
    version = get_object_or_404(CampaignVersion, campaign=campaign, number=number)
    return answer(request, Subject(campaign, version=version))


@require_http_methods(["GET", "POST"])
def of_run(request: HttpRequest, slug: str, run_id: int) -> HttpResponse:
    campaign = _campaign(request, slug)
    return answer(request, Subject(campaign, run=get_object_or_404(Run, campaign=campaign, pk=run_id)))


# --- One comment ---------------------------------------------------------------------------------------------


def _comment(request: HttpRequest, comment_id: int) -> Comment:
    seen = Comment.objects.filter(access.reached(request.user, "view", Campaign, "campaign"))
    return get_object_or_404(seen.select_related(*PARTS), pk=comment_id)


@require_GET
def comment(request: HttpRequest, comment_id: int) -> HttpResponse:
    """To where a comment stands."""
    return redirect(comments.place(_comment(request, comment_id)))


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, comment_id: int) -> HttpResponse:
    """Put one's own words right."""
    found = _comment(request, comment_id)
    subject = comments.about(found)
    refusal, text = "", request.POST.get("text", found.text)
    try:
        comments.demand_editable(found, request.user)
        if request.method == "POST":
            named = comments.edit(found, text, by=request.user)
            return _done(request, subject, named.complaint)
    except NotAllowed as refused:
        raise PermissionDenied(str(refused)) from None
    except Refused as refused:
        refusal = str(refused)
    more = {"comment": found, "subject": subject, "campaign": found.campaign, "refusal": refusal, "text": text}
    return render_fragment(request, "campaigns/comment_form.html", "campaigns/_comment_form.html", more)


@require_POST
def delete(request: HttpRequest, comment_id: int) -> HttpResponse:
    found = _comment(request, comment_id)
    return _do(request, found, lambda: comments.delete(found, by=request.user))


@require_POST
def resolve(request: HttpRequest, comment_id: int) -> HttpResponse:
    """Settle a thread, or (``open``) open it again."""
    found = _comment(request, comment_id)
    resolved = not request.POST.get("open")
    return _do(request, found, lambda: comments.resolve(found, by=request.user, resolved=resolved))


def _do(request: HttpRequest, found: Comment, deed: Callable[[], None]) -> HttpResponse:
    subject = comments.about(found)
    try:
        deed()
    except NotAllowed as refused:
        raise PermissionDenied(str(refused)) from None
    except Refused as refused:
        if wants_fragment(request):
            return _show(request, subject, refusal=str(refused))
        messages.error(request, str(refused))
        return redirect(comments.place(found))
    return _done(request, subject)


@require_POST
def note(request: HttpRequest, mention_id: int) -> HttpResponse:
    """Take note of a comment that names the person."""
    mention = get_object_or_404(Mention, pk=mention_id, person=request.user)
    comments.note(mention, by=request.user)
    if wants_fragment(request):
        return trigger_client_event(HttpResponse(), "work-changed", {})
    return back(request, reverse("campaigns:work"))


@require_GET
def people(request: HttpRequest, slug: str) -> HttpResponse:
    """The people whose name begins as was typed after an @ (``q``): only those who may see the campaign."""
    campaign = _campaign(request, slug)
    if not comments.may_comment(request.user, campaign):
        raise PermissionDenied(access.refusal(Comment, "add"))
    found = mentions.suggested(campaign, request.GET.get("q", "")[:60])
    return render(request, "campaigns/_people.html", {"people": found})
