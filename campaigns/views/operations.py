"""The health of the installation for people: its measures, what failed, what is kept, and the clean-up."""

from __future__ import annotations

from itertools import islice
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns import retention, run_controls, tasks
from campaigns.health import looking, measure, services, work
from campaigns.models import Campaign, Installation, RemovedCampaign
from campaigns.retention.orphans import orphans
from orchcamp.accounts import access, audit
from orchcamp.accounts.access import demand, may
from orchcamp.accounts.telling import letters
from orchcamp.web.fragments import render_fragment

SHOWN = 50


class RetentionForm(forms.ModelForm):
    class Meta:
        model = Installation
        fields = ["history_days", "archive_days", "audit_days"]


def _context(request: HttpRequest) -> dict[str, Any]:
    """What moves on the page."""
    found, user = looking.look(), request.user
    seen = access.reached(user, "view", Campaign, "run__campaign")
    failed = list(work.failed_nodes().filter(seen).select_related("run__campaign").order_by("-finished_at")[:SHOWN])
    for node in failed:
        node.controls = run_controls.of_step(node.run, node, user)
        node.name = node.run.document.get("nodes", {}).get(node.node_id, {}).get("name") or node.node_id
    return {
        "measures": found,
        "level": measure.worst(found),
        "named": access.reaches_everywhere(user, "campaigns.view_campaign"),
        "failed": failed,
        "failures": tasks.failures(),
        "unwritten": letters.unwritten(10),
        "may_change": may(user, "change", Installation),
        "no_change_reason": access.refusal(Installation, "change"),
    }


@require_GET
def status(request: HttpRequest) -> HttpResponse:
    """How the installation is, and what waits for an administrator."""
    demand(request.user, "view", Installation)
    context = _context(request)
    if not request.htmx:
        row = retention.installation()
        context |= {
            "form": RetentionForm(instance=row),
            "installation": row,
            "removed": RemovedCampaign.objects.all()[:SHOWN],
        }
    return render_fragment(request, "campaigns/health.html", "campaigns/_health.html", context)


@require_POST
def set_retention(request: HttpRequest) -> HttpResponse:
    """Decide how long things are kept."""
    demand(request.user, "change", Installation)
    row = retention.installation()
    form = RetentionForm(request.POST, instance=row)
    if not form.is_valid():
        context = {"form": form, "installation": row, "removed": RemovedCampaign.objects.all()[:SHOWN]}
        return render(request, "campaigns/health.html", _context(request) | context)
    retention.change(by=request.user, **form.cleaned_data)
    messages.success(request, _("Saved: this is how long things are kept from now on."))
    return redirect("campaigns:health")


@require_http_methods(["GET", "POST"])
def clean(request: HttpRequest) -> HttpResponse:
    """What a clean-up would remove (GET), and the clean-up itself, with or without what nothing refers to."""
    demand(request.user, "change", Installation)
    if request.method == "POST":
        done = retention.purge(orphans=request.POST.get("do") == "orphans")
        services.forget_usage()
        audit.record(request.user, "began clean-up", retention.installation(), **done.numbers())
        sentence = ngettext("Removed: %(n)s file.", "Removed: %(n)s files.", done.files) % {"n": f"{done.files:,}"}
        more = " " + _("There is more: press again, or leave it to the workers.") if done.more else ""
        messages.success(request, sentence + more)
        return redirect("campaigns:clean")
    found = list(islice(orphans(), 1000))
    would = retention.purge(dry=True)
    context = {
        "would": would,
        "lines": would.lines[:SHOWN],
        "orphans": found[:SHOWN],
        "number": len(found),
        "size": sum(orphan.size for orphan in found),
        "bounded": len(found) == 1000,
    }
    return render(request, "campaigns/health_clean.html", context)


@require_POST
def discard(request: HttpRequest, task_id: str) -> HttpResponse:
    """Remove the queue's record of a task that broke: what it was to do is known by the rows of its run."""
    demand(request.user, "change", Installation)
    if not tasks.discard_failure(task_id):
        raise Http404
    audit.record(request.user, "discarded failed task", retention.installation(), task=task_id)
    messages.success(request, _("Discarded."))
    return redirect("campaigns:health")
