"""The list of campaigns: searched, filtered, sorted, in one's own columns; and what is done to its rows."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from campaigns import bulk, cells, columns, folders, following, inventory, rows, saved_views, shelving, status, tagging
from campaigns.models import Campaign, SavedView
from orchcamp.accounts.access import demand, get_for, may, refusal
from orchcamp.web.errors import Refused
from orchcamp.web.fragments import render_fragment, toast, wants_fragment
from orchcamp.web.lists import back_to, paginate, remember
from orchcamp.web.numbers import whole

LIST = "campaigns:list"


@require_GET
def campaign_list(request: HttpRequest) -> HttpResponse:
    """All campaigns that the person may see, by status, searched and filtered."""
    views, layout = saved_views.with_layout(request.user)
    default = next((view for view in views if view.is_default), None)
    if default and not request.GET and not wants_fragment(request):
        return redirect(f"{request.path}?{saved_views.address_query(default)}")
    remember(request, LIST)
    context = _listing(request, views, layout)
    return render_fragment(request, "campaigns/campaign_list.html", "campaigns/_campaign_rows.html", context)


def _listing(request: HttpRequest, views: list[SavedView], layout: list[str]) -> dict[str, Any]:
    user, visible = request.user, Campaign.objects.for_user(request.user)
    filters = inventory.Filters.read(request.GET)
    tree, texts = folders.tree(user), tagging.texts(visible)
    found = filters.apply(visible, user, tree=tree, texts=texts)
    tabs = inventory.tabs(found)
    count = next(tab.count for tab in tabs if tab.value == filters.status)
    page = paginate(request, inventory.listed(found, filters), count=count)
    page.object_list = inventory.detailed(page.object_list, filters, user)
    view = next((view for view in views if view.pk == whole(request.GET.get("view"))), None)
    shown = columns.chosen(view, layout)
    attributes = columns.attributes(shown)
    choosing = request.GET.get("more") == "1"
    return {
        "filters": filters,
        "tabs": tabs,
        "page": page,
        "rows": [(row, cells.line(row, attributes)) for row in rows.rows(page.object_list)],
        "tree": tree,
        "tags": tagging.known(texts),
        "choosing": choosing,
        "facets": inventory.facets(visible) if choosing or filters.owner or filters.dimension else None,
        "channels": rows.channel_types(),
        "views": views,
        "view": view,
        "headings": columns.headings(shown, filters.sort),
        "offers": columns.offers(shown),
        "arranging": request.GET.get("arrange") == "1",
        "may_add": may(user, "add", Campaign),
        "no_add_reason": refusal(Campaign, "add"),
        "may_change": may(user, "change", Campaign),
    }


@require_GET
def facets(request: HttpRequest) -> HttpResponse:
    """The owners and dimensions to filter by, when somebody looks at them."""
    demand(request.user, "view", Campaign)
    found = inventory.facets(Campaign.objects.for_user(request.user))
    context = {"facets": found, "filters": inventory.Filters.read(request.GET)}
    return render(request, "campaigns/_list_facets.html", context)


def _back(request: HttpRequest, **more: str) -> HttpResponse:
    """To the list as the person left it; htmx follows and gets the fragment."""
    address = back_to(request, LIST)
    asked = "&".join(f"{name}={value}" for name, value in more.items())
    return redirect(f"{address}{'&' if '?' in address else '?'}{asked}" if asked else address)


@require_http_methods(["POST"])
def star(request: HttpRequest, slug: str) -> HttpResponse:
    """Make a campaign one of the person's favourites, or no more."""
    campaign = get_for(request.user, "view", Campaign.objects.all(), slug=slug)
    campaign.starred = request.POST.get("starred") == "1"
    shelving.star(campaign, request.user, starred=campaign.starred)
    if not wants_fragment(request):
        return _back(request)
    return render(request, "campaigns/_star.html", {"campaign": campaign})


@require_GET
def row_menu(request: HttpRequest, slug: str) -> HttpResponse:
    """What may be done with a campaign of the list, asked for when its menu opens."""
    user = request.user
    campaign = get_for(user, "view", Campaign.objects.select_related("folder"), slug=slug)
    may_change = may(user, "change", campaign)
    context = {
        "campaign": campaign,
        "extent": following.extent(campaign, user),
        "may_add": may(user, "add", Campaign),
        "may_change": may_change,
        "may_archive": may_change and status.possible(campaign, "archive"),
        "may_delete": may(user, "delete", campaign) and campaign.status == Campaign.Status.DRAFT,
    }
    return render(request, "campaigns/_row_menu.html", context)


@require_http_methods(["GET", "POST"])
def tags(request: HttpRequest, slug: str) -> HttpResponse:
    """The tags of one campaign, whatever its status: the form, asked for when it opens, and what it says."""
    campaign = get_for(request.user, "change", Campaign.objects.all(), slug=slug)
    if request.method == "GET":
        return render(request, "campaigns/_tag_form.html", {"campaign": campaign})
    said = ""
    try:
        tagging.set_tags(campaign, bulk.tags_of(request.POST.get("tags", "")), by=request.user)
    except ValidationError as error:
        said = " ".join(error.messages)
    except Refused as refused:
        said = str(refused)
    if not wants_fragment(request):
        _say(request, "", said)
        return _back(request)
    response = HttpResponse(cells.tag_cell(campaign, may_change=True))
    return toast(response, said, "red") if said else response


@require_http_methods(["POST"])
def arrange(request: HttpRequest) -> HttpResponse:
    """The columns of the person's list, or of the view that is open."""
    view = _view(request, request.POST.get("view")) if request.POST.get("view") else None
    keys = columns.clean(request.POST.getlist("column"))
    if move := request.POST.get("move"):
        keys = columns.arranged(keys, move)
    if request.POST.get("usual"):
        keys = list(columns.USUAL)
    columns.keep(request.user, view, keys)
    return _back(request, **({} if request.POST.get("done") else {"arrange": "1"}))


def _view(request: HttpRequest, number: str | None) -> SavedView:
    return get_object_or_404(SavedView, user=request.user, pk=whole(number) or 0)


@require_http_methods(["POST"])
def save_view(request: HttpRequest) -> HttpResponse:
    """Keep the list as it is now under a name."""
    view = _view(request, request.POST.get("view")) if request.POST.get("view") else None
    query = back_to(request, LIST).partition("?")[2]
    try:
        saved = saved_views.save(
            request.user,
            request.POST.get("name", ""),
            query,
            columns.of(request.user, view),
            default=request.POST.get("default") == "1",
        )
    except Refused as refused:
        _say(request, "", str(refused))
        return _back(request)
    _say(request, _("The view “%(name)s” is saved.") % {"name": saved.name})
    return redirect(f"{back_to(request, LIST).partition('?')[0]}?{saved_views.address_query(saved)}")


@require_http_methods(["POST"])
def change_view(request: HttpRequest, view_id: int) -> HttpResponse:
    """Rename a view, delete it, or let the list begin with it."""
    view, deed = _view(request, str(view_id)), request.POST.get("do")
    try:
        if deed == "delete":
            saved_views.delete(view)
            _say(request, _("The view “%(name)s” is deleted; the campaigns stay.") % {"name": view.name})
            return redirect(f"{back_to(request, LIST).partition('?')[0]}?status=all")
        if deed == "default":
            saved_views.make_default(view)
        elif deed == "not_default":
            saved_views.not_default(view)
        else:
            saved_views.rename(view, request.POST.get("name", ""))
    except Refused as refused:
        _say(request, "", str(refused))
    return _back(request)


def _say(request: HttpRequest, done: str, refused: str = "") -> None:
    if done:
        messages.success(request, done)
    if refused:
        messages.error(request, refused)
