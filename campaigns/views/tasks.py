"""Tasks: mine, everybody's, those of one campaign; each moved on by one click."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.http import trigger_client_event

from campaigns import work
from campaigns.desk_forms import TaskForm
from campaigns.models import Campaign, Task
from orchcamp.accounts.access import get_for, may, missing_right
from orchcamp.web.errors import Refused
from orchcamp.web.fragments import render_fragment
from orchcamp.web.lists import paginate


def _visible(request: HttpRequest) -> QuerySet[Task]:
    """The tasks of every campaign that the person sees, the urgent ones first."""
    seen = Campaign.objects.for_user(request.user).values("pk")
    tasks = Task.objects.filter(campaign__in=seen).select_related("campaign", "assignee")
    return tasks.order_by(F("due_on").asc(nulls_last=True), "pk")


@require_GET
def task_list(request: HttpRequest) -> HttpResponse:
    """Mine or all (``whose``), open or done (``status``), of one campaign (``campaign``)."""
    tasks = _visible(request)
    whose = "all" if request.GET.get("whose") == "all" or request.GET.get("campaign") else "mine"
    status = request.GET.get("status", "open")
    slug = request.GET.get("campaign", "")
    if whose == "mine":
        tasks = tasks.filter(assignee=request.user)
    if slug:
        tasks = tasks.filter(campaign__slug=slug)
    if status in {"open", "done"}:
        done = Task.Status.DONE
        tasks = tasks.filter(status=done) if status == "done" else tasks.exclude(status=done)
    changeable = set(Campaign.objects.for_user(request.user, "change").values_list("pk", flat=True))
    context = {
        "page": paginate(request, tasks),
        "whose": whose,
        "status": status,
        "campaign_slug": slug,
        "campaign": Campaign.objects.for_user(request.user).filter(slug=slug).first() if slug else None,
        "changeable": changeable,
        "today": timezone.localdate(),
        "may_create": bool(changeable),
    }
    return render_fragment(request, "campaigns/task_list.html", "campaigns/_task_rows.html", context)


@require_http_methods(["GET", "POST"])
def create_task(request: HttpRequest, slug: str) -> HttpResponse:
    campaign = get_for(request.user, "change", Campaign.objects.all(), slug=slug)
    graph = campaign.latest_version().graph
    initial = {"node_id": request.GET.get("node", ""), "assignee": request.user.pk}
    form = TaskForm(request.POST if request.method == "POST" else None, graph=graph, initial=initial)
    if request.method == "POST" and form.is_valid():
        task = work.create_task(campaign, by=request.user, **form.cleaned_data)
        messages.success(request, _("The task “%(title)s” is noted.") % {"title": task.title})
        return redirect("campaigns:tasks")
    return render(request, "campaigns/task_form.html", {"form": form, "campaign": campaign})


@require_http_methods(["GET", "POST"])
def change_task(request: HttpRequest, task_id: int) -> HttpResponse:
    """A task's form; a POST with nothing but a status moves it on."""
    task = get_object_or_404(_visible(request), pk=task_id)
    allowed = may(request.user, "change", task.campaign)
    if request.POST.get("status"):
        return _move(request, task, allowed)
    if not allowed:
        raise PermissionDenied(missing_right("campaigns.change_campaign"))
    form = TaskForm(
        request.POST if request.method == "POST" else None, instance=task, graph=task.campaign.latest_version().graph
    )
    if request.method == "POST" and form.is_valid():
        work.change_task(task, by=request.user, **form.cleaned_data)
        messages.success(request, _("The task “%(title)s” is changed.") % {"title": task.title})
        return redirect("campaigns:tasks")
    return render(request, "campaigns/task_form.html", {"form": form, "campaign": task.campaign, "task": task})


def _move(request: HttpRequest, task: Task, allowed: bool) -> HttpResponse:
    """Set a task's status: its assignee may, and whoever may change the campaign."""
    if not allowed and task.assignee_id != request.user.pk:
        raise PermissionDenied(missing_right("campaigns.change_campaign"))
    try:
        work.set_status(task, status=request.POST["status"], by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("campaigns:tasks")
    if not request.htmx:
        return redirect("campaigns:tasks")
    changeable = {task.campaign_id} if allowed else set()
    context = {"task": task, "changeable": changeable, "today": timezone.localdate()}
    return trigger_client_event(render(request, "campaigns/_task_row.html", context), "tasks-changed")
