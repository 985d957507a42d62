"""A file from the browser: chosen, looked at, mapped, loaded."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from orchcamp.accounts.access import demand, get_for, may
from orchcamp.web.errors import Refused

from .. import loading, upload
from ..forms import MappingForm, UploadForm
from ..manifest import Plan
from ..models import Dataset


def _go(request: HttpRequest, address: str) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponseClientRedirect(address)
    return redirect(address)


@require_http_methods(["GET", "POST"])
def upload_file(request: HttpRequest) -> HttpResponse:
    """Choose a file."""
    demand(request.user, "add", Dataset)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            token = upload.keep(form.cleaned_data["file"], request.user)
        except Refused as error:
            form.add_error("file", str(error))
        else:
            into = request.GET.get("dataset", "")
            return _go(request, reverse("datasets:mapping", args=[token]) + (f"?dataset={into}" if into else ""))
    template = "datasets/_upload_form.html" if request.htmx else "datasets/upload.html"  # type: ignore[attr-defined]
    return render(request, template, {"form": form})


@require_http_methods(["GET", "POST"])
def mapping(request: HttpRequest, token: str) -> HttpResponse:
    """Say what the columns are, then load."""
    demand(request.user, "add", Dataset)
    path = upload.find(token, request.user)
    if path is None:
        messages.warning(request, _("That file is no longer here; choose it again."))
        return _go(request, reverse("datasets:upload"))
    try:
        preview = upload.preview(path)
    except Refused as error:
        upload.forget(token, request.user)
        return render(request, "datasets/upload.html", {"form": UploadForm(), "refused": str(error)})
    slug = request.GET.get("dataset", "")
    dataset = get_for(request.user, "change", Dataset.objects.all(), slug=slug) if slug else None
    form = MappingForm(request.POST or None, preview=preview, path=path, dataset=dataset)
    if request.method == "POST" and form.is_valid() and (result := _loaded(form, request)):
        upload.forget(token, request.user)
        return _go(request, reverse("datasets:detail", args=[result.slug]) + "?tab=loads")
    changeable = [found for found in Dataset.objects.for_user(request.user) if may(request.user, "change", found)]
    context = {"form": form, "preview": preview, "path": path, "dataset": dataset, "datasets": changeable}
    template = "datasets/_mapping_form.html" if request.htmx else "datasets/mapping.html"  # type: ignore[attr-defined]
    return render(request, template, context)


def _loaded(form: MappingForm, request: HttpRequest) -> loading.Result | None:
    """Load what the form describes; a refusal becomes the form's error."""
    try:
        result = loading.load(Plan((form.plan(),)), by=request.user)[0]
    except Refused as error:
        form.add_error(None, str(error))
        return None
    facts = {"kept": f"{result.kept:,}", "rejected": f"{result.rejected:,}", "rows": f"{result.rows:,}"}
    messages.success(request, _("Loaded: %(kept)s kept, %(rejected)s rejected; %(rows)s rows now.") % facts)
    return result
