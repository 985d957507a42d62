"""The pages of a file of people, in the administration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods
from unfold.widgets import UnfoldAdminFileFieldWidget

from orchcamp.web import csvs

from .. import access, inviting
from ..models import PeopleImport, User
from . import applying, planning, reading

SHOWN = 200  # lines of each kind on the page
EXAMPLE = "username;email;first_name;last_name;profiles;groups;active"


class FileForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File"),
        widget=UnfoldAdminFileFieldWidget,
        help_text=gettext_lazy("CSV with a line of column names; at most 10,000 people."),
    )


@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Choose a file; nothing is changed by it yet."""
    _demand(request)
    form = FileForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            if file.size > reading.MOST_BYTES:
                reading.text_of(b" " * (reading.MOST_BYTES + 1), file.name)
            found = applying.keep(file.read(), file.name, by=request.user)
            return redirect("admin:accounts_user_import_preview", found.pk)
        except reading.FileRefused as refusal:
            form.add_error("file", str(refusal))
    return _page(request, "upload", _("People from a file"), form=form, columns=reading.COLUMNS, example=EXAMPLE)


@never_cache  # the page after confirming shows links once
@require_http_methods(["GET", "POST"])
def preview(request: HttpRequest, import_id: int) -> HttpResponse:
    """What the file would do, and, once that is confirmed, what it did."""
    _demand(request)
    found = _mine(request, import_id)
    if request.method == "POST":
        try:
            applied = applying.apply(found, request.POST.get("digest", ""), by=request.user)
        except applying.NotApplied as refusal:
            messages.error(request, str(refusal))
            return redirect("admin:accounts_user_import_preview", found.pk)
        return _done(request, applied)
    if found.applied_at:
        messages.info(request, _("This file was applied already."))
        return redirect("admin:accounts_user_changelist")
    plan = applying.plan(found, by=request.user)
    counts = plan.counts
    parts = [
        (label, counts[deed], [item for item in plan.items if item.deed == deed][:SHOWN], deed)
        for deed, label in (
            (planning.REFUSED, _("Refused")),
            (planning.CREATE, _("To be created")),
            (planning.UPDATE, _("To be changed")),
            (planning.UNCHANGED, _("As they are")),
        )
        if counts[deed]
    ]
    context = {"found": found, "plan": plan, "parts": parts, "shown": SHOWN, "todo": len(plan.deeds)}
    return _page(request, "preview", _("What %(name)s would do") % {"name": found.name}, **context)


@require_GET
def refused(request: HttpRequest, import_id: int) -> HttpResponse:
    """The lines that are refused, with why, to be mended."""
    _demand(request)
    found = _mine(request, import_id)
    if found.applied_at:
        return redirect("admin:accounts_user_import_preview", found.pk)
    return csvs.download(_refused_rows(applying.plan(found, by=request.user)), "refused-people")


def _refused_rows(plan: planning.Plan) -> Iterator[list[Any]]:
    columns = [name for name in reading.COLUMNS if any(name in item.line.cells for item in plan.items)]
    yield ["line", "why", *columns]
    for item in plan.refused:
        yield [item.number, item.sentence, *(item.line.get(name) or "" for name in columns)]


def _done(request: HttpRequest, applied: applying.Applied) -> HttpResponse:
    waiting = [person for person in applied.created if person.is_active] if settings.PASSWORD_SIGN_IN else []
    sent, links = inviting.invite(waiting, by=request.user)
    return _page(request, "done", _("The file is applied"), applied=applied, sent=sent, links=links)


def _mine(request: HttpRequest, import_id: int) -> PeopleImport:
    return get_object_or_404(PeopleImport, pk=import_id, by=request.user)


def _demand(request: HttpRequest) -> None:
    for action in ("add", "change"):
        if not access.may(request.user, action, User):
            raise PermissionDenied(access.refusal(User, action))


def _page(request: HttpRequest, name: str, title: str, **more: Any) -> HttpResponse:
    context = admin.site.each_context(request) | {"title": title, "opts": User._meta} | more
    return render(request, f"admin/accounts/user/import_{name}.html", context)
