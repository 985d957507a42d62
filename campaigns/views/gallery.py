"""The gallery of templates: begin a campaign with one, save a campaign as one, remove one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns import gallery as service
from campaigns import miniature
from campaigns.choices import choices
from campaigns.forms import TemplateForm
from campaigns.models import Campaign
from orchcamp.accounts.access import demand, get_for
from orchcamp.accounts.models import User
from orchcamp.web.errors import Refused
from orchcamp.web.lists import paginate


@require_GET
def gallery(request: HttpRequest) -> HttpResponse:
    """Ready and saved templates, each with its picture and a sentence."""
    demand(request.user, "add", Campaign)
    page = paginate(request, service.saved(request.user), per_page=24)
    shelves = {
        _("Saved by your colleagues and you"): [service.of(row) for row in page],
        _("Ready to use"): service.ready(),
    }
    offered = choices()
    filled = [
        (label, [_shown(template, request.user, offered) for template in found])
        for label, found in shelves.items()
        if found
    ]
    return render(request, "campaigns/gallery.html", {"shelves": filled, "page": page})


def _shown(template: service.Template, user: User, offered: service.Choices) -> dict[str, Any]:
    """What one card of the gallery says."""
    return {
        "template": template,
        "about": dict(offered["datasets"]).get(template.dimension, template.dimension),
        "picture": miniature.draw(template.graph),
        "missing": service.missing(template, offered),
        "may_remove": service.may_remove(user, template),
    }


@require_POST
def use_template(request: HttpRequest, key: str) -> HttpResponse:
    """A new campaign that begins with the template; its canvas opens."""
    demand(request.user, "add", Campaign)
    template = service.find(key, request.user)
    campaign = service.use(template, by=request.user, name=request.POST.get("name", ""))
    messages.success(request, _("This draft begins with “%(name)s”; change what you like.") % {"name": template.name})
    return redirect("campaigns:canvas", campaign.slug)


@require_http_methods(["GET", "POST"])
def save_template(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep a campaign's canvas as a template for everybody who creates campaigns."""
    campaign = get_for(request.user, "change", Campaign.objects.all(), slug=slug)
    demand(request.user, "add", Campaign)
    form = TemplateForm(
        request.POST or None, initial={"name": campaign.name, "description": campaign.description[:300]}
    )
    if request.method == "POST" and form.is_valid():
        try:
            made = service.save(campaign, by=request.user, **form.cleaned_data)
            messages.success(request, _("“%(name)s” is in the gallery now.") % {"name": made.name})
            return redirect("campaigns:gallery")
        except Refused as refused:
            form.add_error("name", str(refused))
    context = {"form": form, "campaign": campaign, "back": reverse("campaigns:canvas", args=[campaign.slug])}
    return render(request, "campaigns/template_form.html", context)


@require_POST
def remove_template(request: HttpRequest, key: str) -> HttpResponse:
    """Take a saved template out of the gallery."""
    demand(request.user, "add", Campaign)
    template = service.find(key, request.user)
    try:
        service.remove(template, by=request.user)
        messages.success(request, _("The template “%(name)s” was removed.") % {"name": template.name})
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("campaigns:gallery")
