"""Channel configurations, the suppression list, and the addresses for proofs."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from orchcamp.accounts import audit
from orchcamp.accounts.access import demand, get_for, may
from orchcamp.messaging import transports
from orchcamp.messaging.forms import ChannelForm, PlainChannelForm, SeedForm, SuppressionForm
from orchcamp.messaging.models import Channel, ChannelConfiguration, SeedAddress, Suppression
from orchcamp.messaging.transports import Unreachable
from orchcamp.messaging.transports.smtp import Smtp
from orchcamp.web.fragments import render_fragment, wants_fragment
from orchcamp.web.lists import paginate
from orchcamp.web.numbers import whole


@require_safe
def channel_list(request: HttpRequest) -> HttpResponse:
    """Every channel configuration."""
    demand(request.user, "view", ChannelConfiguration)
    configurations = ChannelConfiguration.objects.for_user(request.user)
    return render(request, "messaging/channel_list.html", {"configurations": configurations})


@require_http_methods(["GET", "POST"])
def channel_edit(request: HttpRequest, slug: str = "") -> HttpResponse:
    """One configuration: read by those who may see it, changed by administrators."""
    if slug:
        action = "change" if request.method == "POST" else "view"
        configuration = get_for(request.user, action, ChannelConfiguration.objects.all(), slug=slug)
        editable = may(request.user, "change", configuration)
    else:
        demand(request.user, "add", ChannelConfiguration)
        channel = request.GET.get("channel", "")
        known = channel if channel in Channel.values else Channel.EMAIL
        configuration, editable = ChannelConfiguration(channel=known), True
    form_class = ChannelForm if configuration.channel in transports.CHANNELS else PlainChannelForm
    form = form_class(request.POST or None, instance=configuration)
    if request.method == "POST" and form.is_valid():
        made = form.apply()
        made.save()
        audit.record(request.user, "changed" if slug else "created", made, **_told(form))
        messages.success(request, _("Saved."))
        return redirect("messaging:channel", slug=made.slug)
    if not editable:
        for field in form.fields.values():
            field.disabled = True
        form.fields.pop("password", None)
    title = slug and ChannelConfiguration.objects.only("label").get(slug=slug).label
    context = {
        "form": form,
        "slug": slug,
        "title": title,
        "editable": editable,
        "channel": configuration.get_channel_display(),
        "has_transport": configuration.channel in transports.CHANNELS,
        "channels": Channel.choices,
    }
    return render(request, "messaging/channel_form.html", context)


def _told(form: Any) -> dict[str, Any]:
    """What the audit trail tells of a change; never a password."""
    return {"fields": sorted(form.changed_data), "changes": audit.form_changes(form, secret=("password",))}


@require_POST
def channel_check(request: HttpRequest, slug: str) -> HttpResponse:
    """Connect to the server, sign in, and say how it went."""
    configuration = get_for(request.user, "change", ChannelConfiguration.objects.all(), slug=slug)
    try:
        Smtp(configuration).check()
    except Unreachable as error:
        sentence, good = str(error), False
    else:
        sentence, good = _("The server is there and takes our mail."), True
    if wants_fragment(request):
        return render(request, "messaging/_channel_check.html", {"sentence": sentence, "good": good})
    (messages.success if good else messages.error)(request, sentence)
    return redirect("messaging:channel", slug=slug)


@require_http_methods(["GET", "POST"])
def suppression_list(request: HttpRequest) -> HttpResponse:
    """The addresses and domains that get nothing."""
    demand(request.user, "add" if request.method == "POST" else "view", Suppression)
    form = SuppressionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        entry = form.save(commit=False)
        entry.by = request.user
        entry.save()
        audit.record(request.user, "suppressed", entry)
        messages.success(request, _("%(address)s gets nothing from now on.") % {"address": entry.address})
        return redirect("messaging:suppression")
    query = request.GET.get("q", "").strip()
    entries = Suppression.objects.select_related("by").filter(Q(address__icontains=query) | Q(note__icontains=query))
    context = {"form": form, "page": paginate(request, entries, 50), "query": query}
    return render_fragment(request, "messaging/suppression_list.html", "messaging/_suppression_rows.html", context)


@require_POST
def suppression_remove(request: HttpRequest, entry_id: int) -> HttpResponse:
    """Let an address get messages again."""
    demand(request.user, "delete", Suppression)
    entry = get_object_or_404(Suppression, pk=entry_id)
    audit.record(request.user, "unsuppressed", entry)
    entry.delete()
    messages.success(request, _("%(address)s may get messages again.") % {"address": entry.address})
    return redirect("messaging:suppression")


@require_http_methods(["GET", "POST"])
def seed_list(request: HttpRequest) -> HttpResponse:
    """The colleagues to whom proofs may go."""
    demand(request.user, "view", SeedAddress)
    if request.method == "POST" and "remove" in request.POST:
        return _remove_seed(request)
    if request.method == "POST":
        demand(request.user, "add", SeedAddress)
    form = SeedForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        audit.record(request.user, "added proof address", form.save())
        messages.success(request, _("Proofs can go to this address now."))
        return redirect("messaging:seeds")
    return render(request, "messaging/seed_list.html", {"form": form, "seeds": SeedAddress.objects.all()})


def _remove_seed(request: HttpRequest) -> HttpResponse:
    demand(request.user, "delete", SeedAddress)
    seed = get_object_or_404(SeedAddress, pk=whole(request.POST["remove"]))
    audit.record(request.user, "removed proof address", seed)
    seed.delete()
    messages.success(request, _("Removed."))
    return redirect("messaging:seeds")
