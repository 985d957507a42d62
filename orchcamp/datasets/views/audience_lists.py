"""A list of people from a file: chosen, matched with a dataset, saved as an audience."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from orchcamp.accounts import audit
from orchcamp.accounts.access import demand, get_for, holds
from orchcamp.web.errors import Refused

from .. import engine, lists, schema, upload
from ..audience_forms import ListForm, ListMappingForm
from ..models import Audience, AudienceVersion, Dataset


def _into(request: HttpRequest) -> Audience | None:
    """The audience that the list goes into, if it is none that is still to be made."""
    slug = request.GET.get("audience", "")
    demand(request.user, "change" if slug else "add", Audience)
    if not slug:
        return None
    found = get_for(request.user, "change", Audience.objects.select_related("dataset", "current"), slug=slug)
    if found.origin == Audience.Origin.RULE:
        raise PermissionDenied(_("The rule of “%(label)s” says who is in it.") % {"label": found.label})
    return found


@require_http_methods(["GET", "POST"])
def audience_upload(request: HttpRequest) -> HttpResponse:
    """Choose a file, and what its rows name."""
    audience = _into(request)
    datasets = Dataset.objects.all() if audience is None else Dataset.objects.filter(pk=audience.dataset_id)
    form = ListForm(request.POST or None, request.FILES or None, datasets=datasets)
    if request.method == "POST" and form.is_valid():
        try:
            token = upload.keep(form.cleaned_data["file"], request.user)
        except Refused as error:
            form.add_error("file", str(error))
        else:
            place = {"dataset": form.cleaned_data["dataset"]} | ({"audience": audience.slug} if audience else {})
            return redirect(reverse("datasets:audience_mapping", args=[token]) + f"?{urlencode(place)}")
    return render(request, "datasets/audience_upload.html", {"form": form, "audience": audience})


@require_http_methods(["GET", "POST"])
def audience_mapping(request: HttpRequest, token: str) -> HttpResponse:
    """Say by which columns the rows are found, then save."""
    audience = _into(request)
    path = upload.find(token, request.user)
    if path is None:
        messages.warning(request, _("That file is no longer here; choose it again."))
        return redirect("datasets:audience_upload")
    dataset = audience.dataset if audience else get_object_or_404(Dataset, slug=request.GET.get("dataset", ""))
    try:
        preview, shape = upload.preview(path), schema.load().dataset(dataset.slug)
    except Refused as error:
        upload.forget(token, request.user)
        messages.error(request, str(error))
        return redirect("datasets:audience_upload")
    stem = path.name.split(".")[0]
    form = ListMappingForm(request.POST or None, preview=preview, shape=shape, audience=audience, stem=stem)
    if request.method == "POST" and form.is_valid() and (version := _saved(request, form, path, dataset, audience)):
        upload.forget(token, request.user)
        return redirect("datasets:audience", slug=version.audience.slug)
    context = {"form": form, "preview": preview, "path": path, "dataset": dataset, "audience": audience}
    return render(request, "datasets/audience_mapping.html", context)


def _saved(
    request: HttpRequest, form: ListMappingForm, path, dataset: Dataset, audience: Audience | None
) -> AudienceVersion | None:
    """Match and save; a refusal becomes the form's error."""
    cleaned = form.cleaned_data
    place = {"audience": audience, "mode": cleaned["mode"]} if audience else {"label": cleaned["label"]}
    try:
        version = lists.save(path, dataset, form.wish(), by=request.user, **place)
    except Refused as error:
        form.add_error(None, str(error))
        return None
    facts = {name: f"{version.facts[name]:,}" for name in ("read", "matched", "unmatched", "duplicates")}
    sentence = _("%(read)s rows read: %(matched)s found, %(unmatched)s not found, %(duplicates)s named twice.")
    messages.success(request, sentence % facts)
    return version


@require_GET
def unmatched_file(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """The rows of an uploaded list that mean nobody; they may hold personal data."""
    audience = get_for(request.user, "view", Audience.objects.all(), slug=slug)
    version = get_object_or_404(audience.versions.all(), number=number)
    if not holds(request.user, "datasets.view_personal"):
        raise PermissionDenied(_("These rows hold personal data, which your profile may not see unmasked."))
    path = version.facts.get("unmatched_path")
    if not path or not engine.exists(path):
        raise Http404
    audit.record(request.user, "downloaded unmatched rows", audience, number=number)
    file = (engine.root() / path).open("rb")
    return FileResponse(file, as_attachment=True, filename=f"{slug}-{number}-unmatched.csv", content_type="text/csv")
