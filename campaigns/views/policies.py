"""Approval policies: the list, one with what it would have held for, its form, and what is done to it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from campaigns.approvals import foreseeing, policies
from campaigns.approvals.form import PolicyForm, initial, scope
from campaigns.models import ApprovalPolicy, Campaign
from orchcamp.accounts.access import demand, get_for, may
from orchcamp.web.errors import Refused
from orchcamp.web.fragments import render_fragment, wants_fragment
from orchcamp.web.lists import paginate


def _policy(request: HttpRequest, action: str, policy_id: int) -> ApprovalPolicy:
    return get_for(request.user, action, ApprovalPolicy.objects.with_stages(), pk=policy_id)


@require_GET
def policy_list(request: HttpRequest) -> HttpResponse:
    """Every policy with its status, for what it holds and whom it asks."""
    demand(request.user, "view", ApprovalPolicy)
    page, known = paginate(request, ApprovalPolicy.objects.with_stages()), foreseeing.names()
    context = {
        "page": page,
        "rows": [_said(policy, known) for policy in page],
        "may_add": may(request.user, "add", ApprovalPolicy),
    }
    return render(request, "campaigns/policy_list.html", context)


def _said(policy: ApprovalPolicy, known: Any) -> dict[str, Any]:
    return {
        "policy": policy,
        "condition": foreseeing.condition_in_words(policy, known),
        "stages": [(stage.position, foreseeing.stage_in_words(stage)) for stage in policy.stages.all()],
    }


@require_GET
def policy(request: HttpRequest, policy_id: int) -> HttpResponse:
    """One policy: what it says, what can be done to it, and for which of the last campaigns it would have held."""
    return _shown(request, _policy(request, "view", policy_id))


def _shown(request: HttpRequest, found: ApprovalPolicy, refusal: str = "") -> HttpResponse:
    lines = foreseeing.preview(found, Campaign.objects.for_user(request.user))
    context = {
        **_said(found, foreseeing.names()),
        "lines": lines,
        "held": sum(line.holds for line in lines),
        "refusal": refusal,
        "may": {action: may(request.user, action, ApprovalPolicy) for action in ("add", "change", "delete")},
    }
    return render(request, "campaigns/policy_detail.html", context, status=409 if refusal else 200)


@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """A new policy."""
    demand(request.user, "add", ApprovalPolicy)
    stage = {"how": "any", "needed": 1, "facets": list(policies.FACETS)}
    fresh = {"deviation": 10, "bulk": True, "stages": [stage]}
    return _form(request, fresh, lambda plan: policies.create(plan, by=request.user))


@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, policy_id: int) -> HttpResponse:
    """What a policy says, while it is not active."""
    found = _policy(request, "change", policy_id)
    if found.is_active:
        return _shown(request, found, _("An active policy cannot be changed: deactivate it first."))
    if request.method == "POST" and (sent := request.POST.get("revision", "")).isdecimal() and len(sent) < 10:
        found.revision = int(sent)
    stored = initial(policies.plan_of(found))
    return _form(request, stored, lambda plan: policies.change(found, plan, by=request.user), found)


def _form(request: HttpRequest, stored: dict[str, Any], save: Any, found: ApprovalPolicy | None = None) -> HttpResponse:
    place = scope()
    form = PolicyForm(scope=place, initial=stored)
    status = 200
    if request.method == "POST":
        form = PolicyForm(request.POST, scope=place)
        if form.editing:
            form = PolicyForm(request.POST, scope=place, draft=True)
            form.is_valid()
        elif form.is_valid():
            try:
                saved = save(form.plan())
            except Refused as refusal:
                form.add_error(None, str(refusal))
                status = 409
            else:
                messages.success(request, _("“%(name)s” is saved.") % {"name": saved.name})
                address = reverse("campaigns:policy", args=[saved.pk])
                return HttpResponseClientRedirect(address) if wants_fragment(request) else redirect(address)
    context = {"form": form, "policy": found}
    return render_fragment(request, "campaigns/policy_form.html", "campaigns/_policy_form.html", context, status=status)


DEEDS = {
    "activate": ("change", policies.activate),
    "deactivate": ("change", policies.deactivate),
    "duplicate": ("add", policies.duplicate),
}


@require_POST
def act(request: HttpRequest, policy_id: int, verb: str) -> HttpResponse:
    """Set a policy to work, take it out, or make another like it."""
    found = _policy(request, "view", policy_id)
    if verb not in DEEDS:
        raise BadRequest(_("Activate, deactivate or duplicate a policy; nothing else was asked for."))
    action, deed = DEEDS[verb]
    demand(request.user, action, ApprovalPolicy)
    try:
        made = deed(found, by=request.user)
    except Refused as refusal:
        return _shown(request, _policy(request, "view", policy_id), str(refusal))
    said = {
        "activate": _("“%(name)s” holds from now on for every request that it means."),
        "deactivate": _("“%(name)s” holds for no new request any more; those that wait keep what they require."),
        "duplicate": _("This is a copy of “%(name)s”; it holds for nothing until it is activated."),
    }
    messages.success(request, said[verb] % {"name": found.name})
    return redirect("campaigns:policy", made.pk if made is not None else found.pk)


@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, policy_id: int) -> HttpResponse:
    """Ask, then delete."""
    found = _policy(request, "delete", policy_id)
    if found.is_active:
        return _shown(request, found, _("An active policy cannot be deleted: deactivate it first."))
    if request.method == "GET":
        return render(request, "campaigns/policy_delete.html", {"policy": found})
    try:
        policies.delete(found, by=request.user)
    except Refused as refusal:
        return _shown(request, _policy(request, "view", policy_id), str(refusal))
    messages.success(request, _("“%(name)s” is deleted.") % {"name": found.name})
    return redirect("campaigns:policies")
