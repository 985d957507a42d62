"""Approvals: the queue that is worked through without leaving it, and what leads to it and follows it."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from campaigns import asked, launches, lifecycle, publishing, review, tasks, worklist
from campaigns.desk_forms import MessageForm, ReasonForm, SendBackForm
from campaigns.models import Approval, Campaign, Run
from campaigns.status import PUBLISHED, TRANSITIONS
from orchcamp.accounts.access import get_for, holds, may
from orchcamp.web.errors import Refused
from orchcamp.web.fragments import render_fragment


def _visible(request: HttpRequest, action: str = "view") -> QuerySet[Approval]:
    campaigns = Campaign.objects.for_user(request.user, action).values("pk")
    return Approval.objects.filter(version__campaign__in=campaigns).select_related(
        "version__campaign", "requested_by", "decided_by", "test_run"
    )


def _personal(request: HttpRequest) -> bool:
    return holds(request.user, "datasets.view_personal")


@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """What waits for me to decide, what I asked others, and what only others may decide."""
    waiting = _visible(request).filter(status=Approval.Status.WAITING)
    own = set(review.own_of(request.user, waiting).values_list("pk", flat=True))
    allowed = set(Campaign.objects.for_user(request.user, "approve").values_list("pk", flat=True))
    theirs = [found for found in waiting if found.pk not in own]
    context = {
        "to_decide": [review.headline(a) for a in theirs if a.version.campaign_id in allowed],
        "own": [review.headline(a) for a in waiting if a.pk in own],
        "not_allowed": [review.headline(a) for a in theirs if a.version.campaign_id not in allowed],
        "decided": _visible(request).exclude(status=Approval.Status.WAITING).order_by("-decided_at")[:10],
        "may_approve": may(request.user, "approve", Campaign),
        "questions": asked.put_to(request.user),
    }
    return render(request, "campaigns/approval_queue.html", context)


def _card(request: HttpRequest, approval: Approval, **more: object) -> dict:
    campaign = approval.version.campaign
    own = review.is_own(approval, request.user)
    waiting = approval.status == Approval.Status.WAITING
    return {
        "approval": approval,
        "campaign": campaign,
        "review": review.review(approval, personal=_personal(request)),
        "own": own,
        "may_decide": waiting and not own and may(request.user, "approve", campaign),
        "may_withdraw": waiting and own and may(request.user, "change", campaign),
        "may_publish": may(request.user, "publish", campaign),
        "approve_form": MessageForm(auto_id=f"approve-{approval.pk}-%s"),
        "send_back_form": SendBackForm(auto_id=f"send-back-{approval.pk}-%s"),
    } | more


@require_GET
def approval(request: HttpRequest, approval_id: int) -> HttpResponse:
    """One request in full, opened in its place in the queue or as a page."""
    found = get_object_or_404(_visible(request), pk=approval_id)
    if request.GET.get("closed") and request.htmx:
        return render(request, "campaigns/_approval_headline.html", {"headline": review.headline(found)})
    return render_fragment(request, "campaigns/approval_detail.html", "campaigns/_approval.html", _card(request, found))


@require_POST
def decide(request: HttpRequest, approval_id: int) -> HttpResponse:
    """Approve, or send back with a message."""
    found = get_object_or_404(_visible(request), pk=approval_id)
    get_for(request.user, "approve", Campaign.objects.all(), pk=found.version.campaign_id)
    if request.POST.get("decision") not in {"approve", "send_back"}:
        return _refused(request, approval_id, Refused(_("Approve it or send it back; nothing else was asked for.")))
    sending_back = request.POST["decision"] == "send_back"
    form = (SendBackForm if sending_back else MessageForm)(request.POST, auto_id=f"send-back-{approval_id}-%s")
    if not form.is_valid():
        name = "send_back_form" if sending_back else "approve_form"
        return _answer(request, "campaigns/_approval.html", _card(request, found, **{name: form}))
    decision = lifecycle.send_back if sending_back else lifecycle.approve
    try:
        decision(found, by=request.user, message=form.cleaned_data["message"])
    except Refused as refusal:
        return _refused(request, approval_id, refusal)
    found = _visible(request).get(pk=approval_id)
    waiting = worklist.approvals(request.user).count() if request.htmx else None
    response = _answer(request, "campaigns/_approval_result.html", _card(request, found, waiting=waiting))
    return trigger_client_event(response, "approval-decided", {"id": approval_id}, after="settle")


def _answer(request: HttpRequest, fragment: str, context: dict, status: int = 200) -> HttpResponse:
    page = "campaigns/approval_detail.html"
    return render_fragment(request, page, fragment, context | {"fragment": fragment}, status=status)


def _refused(request: HttpRequest, approval_id: int, refusal: Refused) -> HttpResponse:
    """What stands now, and why the decision did not count."""
    found = get_object_or_404(_visible(request), pk=approval_id)
    context = _card(request, found, refusal=str(refusal))
    waiting = found.status == Approval.Status.WAITING
    fragment = "campaigns/_approval.html" if waiting else "campaigns/_approval_result.html"
    return _answer(request, fragment, context, status=409)
