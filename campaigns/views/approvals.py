"""Approvals: the queue that is worked through without leaving it, each request in full, and the decisions."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from campaigns import asked as questions
from campaigns import review, worklist
from campaigns.approvals import asked, evidence, inbox, many, requests, since
from campaigns.desk_forms import DelegateForm, MessageForm, SendBackForm
from campaigns.errors import CampaignError
from campaigns.models import Approval, Campaign
from orchcamp.accounts.access import get_for, holds, may
from orchcamp.web.errors import Refused
from orchcamp.web.fragments import render_fragment, wants_fragment
from orchcamp.web.lists import paginate, remember
from orchcamp.web.numbers import whole

QUEUE, PAGE = "campaigns/approval_queue.html", "campaigns/approval_detail.html"
CARD, RESULT, HEADLINE = (
    "campaigns/_approval.html",
    "campaigns/_approval_result.html",
    "campaigns/_approval_headline.html",
)


@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """What waits for me to decide, what I asked others, all I may see, and what was decided."""
    user = request.user
    decides = may(user, "approve", Campaign)
    remember(request, "campaigns:approvals")
    filters = inbox.Filters.read(request.GET, decides=decides, asks=may(user, "change", Campaign))
    tabs = inbox.tabs(user)
    count = None if filters.words else next(tab.count for tab in tabs if tab.value == filters.show)
    page = paginate(request, filters.apply(user), count=count, wide=True)
    shown = list(page.object_list)
    mine = {found.pk for found in shown}
    if filters.show != inbox.MINE:
        mine = set(worklist.approvals(user).filter(pk__in=mine).values_list("pk", flat=True))
    context = {
        "filters": filters,
        "tabs": tabs,
        "sorts": [(value, label) for value, (label, _order) in inbox.SORTS.items()],
        "page": page,
        "headlines": [review.headline(found, mine=found.pk in mine) for found in shown],
        "waiting": next(tab.count for tab in tabs if tab.value == inbox.MINE),
        "decides": decides,
        "questions": questions.put_to(user) if filters.show == inbox.MINE or not decides else [],
        "message_form": MessageForm(auto_id="many-%s"),
        "may_tick": any(found.pk in mine and found.bulk for found in shown),
    }
    return render(request, QUEUE, context)


def _card(request: HttpRequest, approval: Approval, **more: object) -> dict[str, Any]:
    campaign, user = approval.version.campaign, request.user
    waiting, own = approval.status == Approval.Status.WAITING, review.is_own(approval, user)
    stages = asked.stages(approval, user)
    mine = [stage for stage in stages if stage.mine]
    may_approve = may(user, "approve", campaign)
    may_decide = waiting and may_approve and not own and (bool(mine) or not approval.hashes)
    others = requests.stand_ins(approval, user) if mine else []
    return {
        "approval": approval,
        "campaign": campaign,
        "review": review.review(approval, personal=holds(user, "datasets.view_personal")),
        "since": since.since(approval.version, approval.counts),
        "facets": since.facets(approval),
        "stages": stages,
        "mine": mine,
        "delegations": approval.delegations.select_related("by", "to"),
        "rounds": asked.rounds(approval),
        "own": own,
        "overdue": review.is_overdue(approval),
        "may_decide": may_decide,
        "may_approve": may_approve,
        "handed_on": waiting and approval.delegations.filter(by=user).exists(),
        "may_withdraw": waiting and own and may(user, "change", campaign),
        "may_publish": may(user, "publish", campaign),
        "approve_form": MessageForm(auto_id=f"approve-{approval.pk}-%s"),
        "send_back_form": SendBackForm(auto_id=f"send-back-{approval.pk}-%s"),
        "delegate_form": DelegateForm(others, auto_id=f"delegate-{approval.pk}-%s") if others else None,
    } | more


def _found(request: HttpRequest, approval_id: int) -> Approval:
    return get_object_or_404(inbox.with_progress(inbox.visible(request.user)), pk=approval_id)


@require_GET
def approval(request: HttpRequest, approval_id: int) -> HttpResponse:
    """One request in full, opened in its place in the queue or as a page."""
    found = _found(request, approval_id)
    if request.GET.get("closed") and wants_fragment(request):
        mine = worklist.approvals(request.user).filter(pk=found.pk).exists()
        return render(request, HEADLINE, {"headline": review.headline(found, mine=mine)})
    return render_fragment(request, PAGE, CARD, _card(request, found))


# --- Deciding ----------------------------------------------------------------------------------------


@require_POST
def decide(request: HttpRequest, approval_id: int) -> HttpResponse:
    """Approve, or send back with a message."""
    found = _found(request, approval_id)
    get_for(request.user, "approve", Campaign.objects.all(), pk=found.version.campaign_id)
    if request.POST.get("decision") not in {"approve", "send_back"}:
        return refused(request, approval_id, Refused(_("Approve it or send it back; nothing else was asked for.")))
    sending_back = request.POST["decision"] == "send_back"
    name = "send_back_form" if sending_back else "approve_form"
    form = (SendBackForm if sending_back else MessageForm)(
        request.POST, auto_id=f"{'send-back' if sending_back else 'approve'}-{approval_id}-%s"
    )
    if not form.is_valid():
        return _answer(request, CARD, _card(request, found, **{name: form}))
    try:
        decision = requests.send_back if sending_back else requests.approve
        decision(found, by=request.user, message=form.cleaned_data["message"])
    except Refused as refusal:
        return refused(request, approval_id, refusal)
    return decided(request, approval_id, _("Sent back.") if sending_back else "")


@require_POST
def delegate(request: HttpRequest, approval_id: int) -> HttpResponse:
    """Let somebody else who could decide it do so in one's place."""
    found = _found(request, approval_id)
    get_for(request.user, "approve", Campaign.objects.all(), pk=found.version.campaign_id)
    form = DelegateForm(requests.stand_ins(found, request.user), request.POST, auto_id=f"delegate-{approval_id}-%s")
    try:
        if not form.is_valid() and form.fields["to"].queryset.exists():
            return _answer(request, CARD, _card(request, found, delegate_form=form))
        if not form.is_valid():
            raise CampaignError(_("There is nothing of this request, or nobody left, that you could hand it on to."))
        to = form.cleaned_data["to"]
        requests.delegate(found, by=request.user, to=to, message=form.cleaned_data["message"])
    except Refused as refusal:
        return refused(request, approval_id, refusal)
    return decided(request, approval_id, _("Delegated to %(person)s.") % {"person": to})


@require_POST
def take_back(request: HttpRequest, approval_id: int) -> HttpResponse:
    """Decide oneself again what was handed on."""
    found = _found(request, approval_id)
    get_for(request.user, "approve", Campaign.objects.all(), pk=found.version.campaign_id)
    try:
        requests.take_back(found, by=request.user)
    except Refused as refusal:
        return refused(request, approval_id, refusal)
    return _answer(request, CARD, _card(request, _found(request, approval_id)))


@require_POST
def approve_many(request: HttpRequest) -> HttpResponse:
    """Approve those that were ticked, each with its own result."""
    ids = [number for text in request.POST.getlist("approval") if (number := whole(text)) is not None]
    form = MessageForm(request.POST)
    outcomes, refusal = [], ""
    try:
        message = form.cleaned_data["message"] if form.is_valid() else ""
        outcomes = many.approve(ids, by=request.user, message=message)
    except Refused as error:
        refusal = str(error)
    context = {"outcomes": outcomes, "refusal": refusal, "waiting": worklist.approvals(request.user).count()}
    response = render_fragment(
        request, "campaigns/approval_many.html", "campaigns/_approval_many.html", context, 409 if refusal else 200
    )
    return trigger_client_event(response, "approvals-decided", {}, after="settle")


def decided(request: HttpRequest, approval_id: int, said: str) -> HttpResponse:
    """What stands now, in the place of the card; the queue goes on to the next."""
    found = _found(request, approval_id)
    waiting = worklist.approvals(request.user).count() if wants_fragment(request) else None
    response = _answer(request, RESULT, _result(request, found) | {"waiting": waiting, "said": said})
    return trigger_client_event(response, "approval-decided", {"id": approval_id}, after="settle")


def _result(request: HttpRequest, found: Approval) -> dict[str, Any]:
    campaign = found.version.campaign
    stages = asked.stages(found, request.user) if found.status == Approval.Status.WAITING else []
    return {
        "approval": found,
        "campaign": campaign,
        "still": [stage for stage in stages if stage.requirement.is_open],
        "may_publish": may(request.user, "publish", campaign),
    }


def _answer(request: HttpRequest, fragment: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return render_fragment(request, PAGE, fragment, context | {"fragment": fragment}, status=status)


def refused(request: HttpRequest, approval_id: int, refusal: Refused) -> HttpResponse:
    """What stands now, and why the decision did not count."""
    found = _found(request, approval_id)
    if found.status == Approval.Status.WAITING:
        return _answer(request, CARD, _card(request, found, refusal=str(refusal)), status=409)
    return _answer(request, RESULT, _result(request, found) | {"refusal": str(refusal)}, status=409)


@require_GET
def evidence_pack(request: HttpRequest, approval_id: int) -> HttpResponse:
    """Everything about one request as a file that needs nothing else."""
    found = _found(request, approval_id)
    personal = holds(request.user, "datasets.view_personal")
    response = HttpResponse(evidence.pack(found, by=request.user, personal=personal))
    response["Content-Disposition"] = f'attachment; filename="{evidence.file_name(found)}"'
    response["Cache-Control"] = "no-store"
    return response
