"""Saved audiences: the list, one audience with its history and members, refresh, export."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from orchcamp.accounts import audit, share_views
from orchcamp.accounts.access import demand, get_for, holds, may, refusal, why_not
from orchcamp.web.errors import Refused
from orchcamp.web.fragments import render_fragment
from orchcamp.web.lists import paginate

from .. import audiences, counting, engine, exporting, membership, predefined, reading, refreshing, rules, schema, usage
from ..audience_forms import AudienceForm, dataset_choices
from ..models import Audience, AudienceVersion, Dataset
from ..schema import AUDIENCE

HISTORY_SHOWN = 20


def _audiences() -> QuerySet:
    return Audience.objects.select_related("dataset", "current__by", "owner")


def _personal(request: HttpRequest) -> bool:
    return holds(request.user, "datasets.view_personal")


@require_GET
def audience_list(request: HttpRequest) -> HttpResponse:
    """All saved audiences, narrowed by name, origin and dimension."""
    demand(request.user, "view", Audience)
    filters = {name: request.GET.get(name, "").strip() for name in ("q", "origin", "dataset")}
    found = _audiences().for_user(request.user)
    if filters["q"]:
        found = found.filter(Q(label__icontains=filters["q"]) | Q(slug__icontains=filters["q"]))
    if filters["origin"] in Audience.Origin.values:
        found = found.filter(origin=filters["origin"])
    if filters["dataset"]:
        found = found.filter(dataset__slug=filters["dataset"])
    context = {
        "page": paginate(request, found),
        "filters": filters,
        "narrowed": any(filters.values()),
        "origins": Audience.Origin.choices,
        "datasets": Dataset.objects.filter(audiences__isnull=False).distinct(),
        "may_add": may(request.user, "add", Audience),
        "no_add_reason": refusal(Audience, "add"),
    }
    return render_fragment(request, "datasets/audience_list.html", "datasets/_audience_rows.html", context)


@require_http_methods(["GET", "POST"])
def audience_create(request: HttpRequest) -> HttpResponse:
    """A new audience by rule, asked at once."""
    demand(request.user, "add", Audience)
    datasets = Dataset.objects.all()
    offered = dataset_choices(datasets)
    first = request.GET.get("dataset") or (offered[0][0] if offered and isinstance(offered[0][1], str) else "")
    form = AudienceForm(request.POST or None, datasets=datasets, dataset=first)
    if request.method == "POST" and form.is_valid():
        facts, dataset = form.facts(), get_object_or_404(Dataset, slug=form.cleaned_data["dataset"])
        try:
            made = audiences.create(
                facts["label"], dataset, by=request.user, description=facts["description"], rule=facts["rule"]
            )
            if facts["refresh_every"]:
                audiences.change(made, by=request.user, **facts)
            _refreshed(request, made)
            return redirect("datasets:audience", slug=made.slug)
        except Refused as error:
            form.add_error(None, str(error))
    return render(request, "datasets/audience_form.html", {"form": form, "offered": offered})


@require_http_methods(["GET", "POST"])
def audience_edit(request: HttpRequest, slug: str) -> HttpResponse:
    """The label, the rule and the schedule of an audience."""
    audience = get_for(request.user, "change", _audiences(), slug=slug)
    if reading.hidden_in(schema.load(), audience.rule):
        raise PermissionDenied(reading.hidden_sentence())
    form = AudienceForm(request.POST or None, datasets=Dataset.objects.all(), audience=audience)
    if request.method == "POST" and form.is_valid():
        before = dict(audience.rule)
        try:
            audiences.change(audience, by=request.user, **form.facts())
        except Refused as error:
            form.add_error(None, str(error))
        else:
            if audience.rule != before:
                _refreshed(request, audience)
            else:
                messages.success(request, _("Saved."))
            return redirect("datasets:audience", slug=slug)
    return render(request, "datasets/audience_form.html", {"form": form, "audience": audience})


def _refreshed(request: HttpRequest, audience: Audience) -> None:
    """Ask the rule, and say what came of it."""
    ticket = f"{request.user.pk}:{request.POST.get('ticket', '')[:64] or uuid.uuid4().hex}"
    try:
        version = counting.asked(lambda: refreshing.refresh(audience, by=request.user), ticket)
    except (Refused, engine.Failed) as error:
        why = str(error).splitlines()[0]
        messages.error(request, _("The rule was not asked: %(why)s Nothing was changed.") % {"why": why})
    else:
        rows = ngettext("%(n)s row is in it now.", "%(n)s rows are in it now.", version.rows)
        messages.success(request, rows % {"n": f"{version.rows:,}"})


@require_POST
def audience_refresh(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask the rule again, now."""
    audience = get_for(request.user, "change", _audiences(), slug=slug)
    _refreshed(request, audience)
    address = reverse("datasets:audience", args=[slug])
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)  # type: ignore[attr-defined]


@require_GET
def audience_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One audience: origin, rule in words, size, history, who uses it."""
    audience = get_for(request.user, "view", _audiences(), slug=slug)
    versions = list(audience.versions.select_related("by")[: HISTORY_SHOWN + 1])
    context: dict[str, Any] = {
        "audience": audience,
        "sentence": _sentence(audience),
        "history": _history(versions)[:HISTORY_SHOWN],
        "older": max(0, audience.versions.count() - HISTORY_SHOWN),
        "uses": _uses(request, audience),
        "ticket": uuid.uuid4().hex,
        "formats": [(form, form.upper()) for form in exporting.FORMATS],
        "may_change": may(request.user, "change", audience),
        "may_delete": may(request.user, "delete", audience),
        "no_change_reason": why_not(request.user, "change", audience),
        "no_delete_reason": why_not(request.user, "delete", audience),
        "personal": _personal(request),
    }
    if context["may_change"]:
        context |= share_views.section(request, audience, reverse("datasets:audience_share", args=[slug]))
    return render(request, "datasets/audience_detail.html", context)


def _uses(request: HttpRequest, audience: Audience) -> list[tuple[usage.Use, bool]]:
    """What would change with the audience, and whether the reader may see it."""
    return predefined.seen(request.user, usage.uses(AUDIENCE + audience.slug))


def _sentence(audience: Audience) -> str:
    if audience.origin != Audience.Origin.RULE:
        return ""
    if not audience.rule:
        return _("Everyone.")
    try:
        return rules.sentence(audience.rule, audience.dataset.slug, audiences.rule_context())
    except Refused as error:
        return _("The rule needs mending: %(why)s") % {"why": error}


def _history(versions: list[AudienceVersion]) -> list[dict[str, Any]]:
    """Versions, the newest first, each with the one before it and how much larger it is."""
    pairs = zip(versions, [*versions[1:], None][: len(versions)], strict=True)
    return [
        {"version": each, "before": before, "change": each.rows - before.rows if before else None}
        for each, before in pairs
    ]


@require_POST
def audience_share(request: HttpRequest, slug: str) -> HttpResponse:
    """Share an audience with a person or group at a level, or (``remove``) no more."""
    audience = get_for(request.user, "change", _audiences(), slug=slug)
    back = reverse("datasets:audience", args=[slug])
    return share_views.answer(request, audience, address=request.path, back=back)


@require_GET
def audience_members(request: HttpRequest, slug: str) -> HttpResponse:
    """The first members, as a fragment."""
    audience = get_for(request.user, "view", _audiences(), slug=slug)
    context: dict[str, Any] = {"audience": audience}
    try:
        ticket = f"{request.user.pk}:members-{audience.pk}"
        context["sample"] = membership.sample(audience, personal=_personal(request), ticket=ticket)
    except (Refused, engine.Failed) as error:
        context["refusal"] = str(error).splitlines()[0]
    return render(request, "datasets/_audience_members.html", context)


@require_GET
def audience_change(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Who came in and who went out with one version, as a fragment."""
    audience = get_for(request.user, "view", _audiences(), slug=slug)
    version = get_object_or_404(audience.versions.all(), number=number)
    before = audience.versions.filter(number__lt=number).first()
    context: dict[str, Any] = {"audience": audience, "version": version, "before": before}
    try:
        if before:
            ticket = f"{request.user.pk}:change-{version.pk}"
            context["change"] = membership.change(version, before, ticket)
    except (Refused, engine.Failed) as error:
        context["refusal"] = str(error).splitlines()[0]
    return render(request, "datasets/_audience_change.html", context)


@require_POST
def audience_export(request: HttpRequest, slug: str) -> HttpResponse:
    """The members as a file; without the right to see them, personal columns are left out."""
    audience = get_for(request.user, "view", _audiences(), slug=slug)
    form, personal = request.POST.get("format", ""), _personal(request)
    try:
        if form not in exporting.FORMATS or audience.current is None:
            raise Refused(_("There is nothing to export yet, or the format is not known."))
        model, shape = membership.model_at(audience.current)
        names = list(membership.columns(model, shape, personal=personal))
        key = [name for name in model.dataset(shape.dataset).key if name in names]
        table = membership.rows(model, shape).select(names).order_by(key)
        ticket = f"{request.user.pk}:export-{audience.pk}"
        place, rows = counting.asked(lambda: exporting.write(table, form), ticket)
    except (Refused, engine.Failed) as error:
        messages.error(request, str(error).splitlines()[0])
        return redirect("datasets:audience", slug=slug)
    audit.record(request.user, "exported audience", audience, rows=rows, format=form, personal=personal)
    file = place.open("rb")
    place.unlink()
    name = f"{slug}-{audience.current.number}.{form}"
    return FileResponse(file, as_attachment=True, filename=name, content_type=exporting.FORMATS[form])


@require_http_methods(["GET", "POST"])
def audience_delete(request: HttpRequest, slug: str) -> HttpResponse:
    """Say what uses it, have its name typed, delete it."""
    audience = get_for(request.user, "delete", _audiences(), slug=slug)
    context: dict[str, Any] = {"audience": audience, "uses": _uses(request, audience)}
    if request.method == "POST":
        if request.POST.get("typed", "").strip() == audience.label:
            audiences.delete(audience, by=request.user)
            messages.success(request, _("“%(label)s” is deleted.") % {"label": audience.label})
            return redirect("datasets:audiences")
        context["error"] = _("Type the label exactly as it is written.")
    context["versions"] = audience.versions.count()
    return render(request, "datasets/audience_delete.html", context)
