"""The views of the list that a person saved: filters, sort and columns under a name."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import BigIntegerField, BooleanField, CharField, Value
from django.http import QueryDict
from django.utils.translation import gettext as _

from orchcamp.accounts.models import User

from .columns import Column
from .errors import CampaignError
from .models import ListLayout, SavedView

MOST = 30
NOT_KEPT = ("page", "view", "arrange")  # where somebody is, not what they look at


def with_layout(user: User) -> tuple[list[SavedView], list[str]]:
    """The person's views by name, and the columns of their list without one; in one query."""
    names = ("pk", "name", "query", "columns", "is_default")
    kept = SavedView.objects.filter(user=user).order_by().values_list(*names)
    text = Value("", CharField())
    layout = ListLayout.objects.filter(user=user).values_list(
        Value(0, BigIntegerField()), text, text, "columns", Value(False, BooleanField())
    )
    rows = list(kept.union(layout, all=True))
    views = [SavedView(user=user, **dict(zip(names, row, strict=True))) for row in rows if row[0]]
    return sorted(views, key=lambda view: view.name), next((row[3] for row in rows if not row[0]), [])


def address_query(view: SavedView) -> str:
    """What follows the ? in the address that opens a view."""
    return f"view={view.pk}&{view.query}" if view.query else f"view={view.pk}"


def kept_query(query: str) -> str:
    """The part of an address that belongs to a view."""
    found = QueryDict(query, mutable=True)
    for name in NOT_KEPT:
        found.pop(name, None)
    for name in [name for name, value in found.items() if not value]:
        found.pop(name)
    return found.urlencode()


def save(user: User, name: str, query: str, columns: list[Column], *, default: bool = False) -> SavedView:
    """Keep a view; one of the same name is replaced."""
    name = name.strip()
    if not name or len(name) > 60:
        raise CampaignError(_("Give the view a name of at most 60 characters."))
    kept = kept_query(query)
    if len(kept) > 1000:
        raise CampaignError(_("These filters are too long to be saved; shorten the search."))
    if SavedView.objects.filter(user=user).exclude(name=name).count() >= MOST:
        raise CampaignError(_("You have %(n)s views already; delete one first.") % {"n": MOST})
    with transaction.atomic():
        facts = {"query": kept, "columns": [column.key for column in columns]}
        view, _made = SavedView.objects.update_or_create(user=user, name=name, defaults=facts)
        if default:
            make_default(view)
    return view


def make_default(view: SavedView) -> None:
    """Open the list with this view from now on."""
    with transaction.atomic():
        SavedView.objects.filter(user=view.user_id).update(is_default=False)
        SavedView.objects.filter(pk=view.pk).update(is_default=True)


def not_default(view: SavedView) -> None:
    SavedView.objects.filter(pk=view.pk).update(is_default=False)


def rename(view: SavedView, name: str) -> None:
    name = name.strip()
    if not name or len(name) > 60:
        raise CampaignError(_("Give the view a name of at most 60 characters."))
    try:
        with transaction.atomic():
            SavedView.objects.filter(pk=view.pk).update(name=name)
    except IntegrityError:
        raise CampaignError(_("You have a view called “%(name)s” already.") % {"name": name}) from None


def delete(view: SavedView) -> None:
    SavedView.objects.filter(pk=view.pk).delete()
