"""Tasks: their list, one with its steps and its past, and what is done to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from campaigns.comments import Subject
from campaigns.desk_forms import TaskForm
from campaigns.errors import NotAllowed, StaleTask
from campaigns.models import Campaign, ChecklistItem, Task
from campaigns.work import checklist, finding, past, transitions, writing
from orchcamp.accounts.access import found_for, get_for, may
from orchcamp.web.errors import Refused
from orchcamp.web.fragments import back, render_fragment, toast, wants_fragment
from orchcamp.web.lists import paginate
from orchcamp.web.numbers import whole

from . import remarks, work


def task_of(request: HttpRequest, task_id: int) -> Task:
    return get_object_or_404(finding.visible(request.user), pk=task_id)


# --- The list -----------------------------------------------------------------------------------------------


@require_GET
def task_list(request: HttpRequest) -> HttpResponse:
    """The tasks that the address asks for; see ``finding.Asked``."""
    wish = finding.asked(request.GET)
    campaign = found_for(request.user, Campaign.objects.all(), slug=wish.campaign) if wish.campaign else None
    page = paginate(request, finding.narrowed(request.user, wish), wide=True)
    context = {
        "page": page,
        "wish": wish,
        "campaign": campaign,
        "reader": _reader(request, page.object_list),
        "may_create": campaign is not None and may(request.user, "change", campaign),
        "whose": finding.WHOSE,
        "statuses": finding.STATUSES,
        "teams": finding.teams(request.user),
        "here": request.get_full_path(),
    }
    return render_fragment(request, "campaigns/task_list.html", "campaigns/_task_rows.html", context)


def _reader(request: HttpRequest, tasks: Any) -> list[tuple[Task, list[transitions.Move], bool]]:
    """Each task of a page with what the person can do to it."""
    rows = finding.count_steps(tasks)
    person = transitions.reader(request.user, [task.campaign for task in rows])
    return [(task, person.moves(task), person.may_take(task)) for task in rows]


@require_POST
def finish_many(request: HttpRequest) -> HttpResponse:
    """Mark the tasks done that were ticked (``task``)."""
    ticked = [pk for text in request.POST.getlist("task")[:200] if (pk := whole(text)) is not None]
    done, refused = writing.finish_many(finding.visible(request.user).filter(pk__in=ticked), by=request.user)
    if done:
        sentence = ngettext("%(n)s task is done.", "%(n)s tasks are done.", done) % {"n": done}
        messages.success(request, sentence)
    if not done and not refused:
        messages.error(request, _("Tick the tasks first that are done."))
    for sentence in refused[:5]:
        messages.error(request, sentence)
    return back(request, reverse("campaigns:tasks"))


# --- One task -----------------------------------------------------------------------------------------------


@require_GET
def task(request: HttpRequest, task_id: int) -> HttpResponse:
    """A task with its steps, what is said about it, and what became of it."""
    found = task_of(request, task_id)
    context = {**_facts(request, found), **_steps(request, found), "past": past.lines(found)}
    context |= remarks.context(request, Subject(found.campaign, task=found))
    return render(request, "campaigns/task.html", context)


def _facts(request: HttpRequest, found: Task) -> dict[str, Any]:
    person = transitions.reader(request.user, [found.campaign])
    node = found.campaign.latest_version().graph.nodes.get(found.node_id) if found.node_id else None
    return {
        "task": found,
        "campaign": found.campaign,
        "node": node,
        "moves": person.moves(found),
        "may_take": person.may_take(found),
        "may_hand_back": person.may_hand_back(found),
        "may_give": person.may_give(found),
    }


def _steps(request: HttpRequest, found: Task) -> dict[str, Any]:
    items = list(found.items.select_related("done_by"))
    return {
        "items": items,
        "items_done": sum(item.done_at is not None for item in items),
        "may_work": transitions.reader(request.user, [found.campaign]).may_work(found),
    }


@require_http_methods(["GET", "POST"])
def create_task(request: HttpRequest, slug: str) -> HttpResponse:
    campaign = get_for(request.user, "change", Campaign.objects.all(), slug=slug)
    initial = {"node_id": request.GET.get("node", ""), "assignee": request.user.pk}
    form = TaskForm(request.POST if request.method == "POST" else None, campaign=campaign, initial=initial)
    if request.method == "POST" and form.is_valid():
        made = writing.create_task(campaign, by=request.user, **form.cleaned_data)
        messages.success(request, _("The task “%(title)s” is noted.") % {"title": made.title})
        return redirect("campaigns:task", made.pk)
    return render(request, "campaigns/task_form.html", {"form": form, "campaign": campaign})


@require_http_methods(["GET", "POST"])
def edit_task(request: HttpRequest, task_id: int) -> HttpResponse:
    """A task's form; what somebody else has changed meanwhile is not written over."""
    found = task_of(request, task_id)
    if not transitions.reader(request.user, [found.campaign]).may_give(found):
        raise PermissionDenied(transitions.refusal(found, transitions.GIVERS))
    data = request.POST if request.method == "POST" else None
    form = TaskForm(data, instance=Task.objects.get(pk=found.pk), campaign=found.campaign)
    refusal = ""
    if request.method == "POST" and form.is_valid():
        try:
            revision = whole(request.POST.get("revision"))
            writing.change_task(found, by=request.user, revision=revision, **form.cleaned_data)
            messages.success(request, _("The task “%(title)s” is changed.") % {"title": found.title})
            return redirect("campaigns:task", found.pk)
        except Refused as refused:
            refusal = str(refused)
    context = {"form": form, "campaign": found.campaign, "task": found, "refusal": refusal}
    return render(request, "campaigns/task_form.html", context)


# --- Moving it on --------------------------------------------------------------------------------------------


@require_POST
def move(request: HttpRequest, task_id: int) -> HttpResponse:
    """Another status (``status``), seen from the one that the person saw (``seen``)."""
    found, to = task_of(request, task_id), request.POST.get("status", "")
    seen = request.POST.get("seen") or None
    return _do(request, found, lambda: transitions.move(found, to=to, by=request.user, seen=seen))


@require_POST
def take(request: HttpRequest, task_id: int) -> HttpResponse:
    """Take a team's task, or (``back``) give it back."""
    found = task_of(request, task_id)
    deed = transitions.hand_back if request.POST.get("back") else transitions.take
    return _do(request, found, lambda: deed(found, by=request.user))


def _do(request: HttpRequest, found: Task, deed: Callable[[], Task]) -> HttpResponse:
    """Do it, and answer with the piece of page that asked: a card's board, a row, or the task itself."""
    refusal, status = "", 200
    try:
        deed()
    except NotAllowed as refused:
        raise PermissionDenied(str(refused)) from None
    except Refused as refused:
        refusal, status = str(refused), 409 if isinstance(refused, StaleTask) else 422
    if not wants_fragment(request):
        if refusal:
            messages.error(request, refusal)
        return back(request, reverse("campaigns:task", args=[found.pk]))
    response = _piece(request, task_of(request, found.pk), status)
    said = refusal or _("“%(task)s”: %(status)s, with %(person)s.") % {
        "task": found, "status": found.get_status_display(), "person": transitions.whose(found)
    }  # fmt: skip
    toast(response, said, tone="red" if refusal else "green")
    return trigger_client_event(response, "work-changed", {})


def _piece(request: HttpRequest, found: Task, status: int) -> HttpResponse:
    where = request.POST.get("where", "")
    if where == "board":
        team = whole(request.POST.get("board")) or 0
        context = work.board_of(request, team, request.POST.get("person", ""))
        return render(request, "campaigns/_board.html", context, status=status)
    if where == "row":
        [(_task, moves, may_take)] = _reader(request, [found])
        context = {"task": found, "moves": moves, "may_take": may_take}
        return render(request, "campaigns/_task_row.html", context, status=status)
    if where == "line":
        return HttpResponse(status=status)
    return render(request, "campaigns/_task_facts.html", _facts(request, found), status=status)


# --- Its steps -----------------------------------------------------------------------------------------------


@require_POST
def add_step(request: HttpRequest, task_id: int) -> HttpResponse:
    found, text = task_of(request, task_id), request.POST.get("text", "")
    return _with_steps(request, found, lambda: checklist.add(found, text, by=request.user), text)


@require_POST
def change_step(request: HttpRequest, task_id: int, item_id: int) -> HttpResponse:
    """Tick or untick a step, move it up or down, or remove it (``do``)."""
    found = task_of(request, task_id)
    item = get_object_or_404(ChecklistItem, pk=item_id, task=found)
    item.task = found
    by = request.user
    deeds: dict[str, Callable[[], Any]] = {
        "tick": lambda: checklist.tick(item, done=True, by=by),
        "untick": lambda: checklist.tick(item, done=False, by=by),
        "up": lambda: checklist.shift(item, up=True, by=by),
        "down": lambda: checklist.shift(item, up=False, by=by),
        "remove": lambda: checklist.remove(item, by=by),
    }
    return _with_steps(request, found, deeds.get(request.POST.get("do", ""), lambda: None))


def _with_steps(request: HttpRequest, found: Task, deed: Callable[[], Any], text: str = "") -> HttpResponse:
    """Do it, and show the checklist; what could not be added stays in its field."""
    refusal = ""
    try:
        deed()
    except NotAllowed as refused:
        raise PermissionDenied(str(refused)) from None
    except Refused as refused:
        refusal = str(refused)
    if not wants_fragment(request):
        if refusal:
            messages.error(request, refusal)
        return redirect(f"{reverse('campaigns:task', args=[found.pk])}#checklist")
    context = {"task": found, "refusal": refusal, "text": text if refusal else "", **_steps(request, found)}
    return render(request, "campaigns/_checklist.html", context)


@require_http_methods(["GET", "POST"])
def task_comments(request: HttpRequest, task_id: int) -> HttpResponse:
    """What is said about a task."""
    found = task_of(request, task_id)
    return remarks.answer(request, Subject(found.campaign, task=found))
