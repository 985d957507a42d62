"""The columns of the list of campaigns: which there are, and which a person sees in which order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from orchcamp.accounts.models import User

from .models import ListLayout, SavedView


@dataclass(frozen=True)
class Column:
    key: str
    label: str | Promise
    sort: str = ""  # the field to order by; none: the column cannot be sorted by
    newest_first: bool = False  # what a first click sorts by
    kind: str = ""  # class of its cells
    hint: str | Promise = ""  # on its cells


NAME = Column("name", _("Campaign"), "name")
COLUMNS = (
    Column("status", _("Status"), "status", kind="cell-status"),
    Column("channels", _("Channels"), kind="cell-channels"),
    Column("tags", _("Tags"), kind="cell-tags"),
    Column("dimension", _("Dimension"), "dimension"),
    Column("folder", _("Folder"), "folder__name"),
    Column("owner", _("Owner"), "owner__first_name"),
    Column("audience", _("Audience"), kind="number", hint=_("As the last run counted")),
    Column("last_run", _("Last run"), "last_started", newest_first=True, kind="nowrap"),
    Column("next_run", _("Next run"), kind="nowrap"),
    Column("error", _("Failed at"), kind="cell-error"),
    Column("created", _("Created"), "created_at", newest_first=True, kind="nowrap"),
    Column("modified", _("Modified"), "modified_at", newest_first=True, kind="nowrap"),
)
BY_KEY = {column.key: column for column in COLUMNS}
SORTED = {column.key: column for column in (NAME, *COLUMNS) if column.sort}
USUAL = ("status", "channels", "tags", "owner", "audience", "last_run", "next_run", "modified")


def sort_field(sort: str) -> str:
    """``-modified`` → ``-modified_at``."""
    sign, key = ("-", sort[1:]) if sort.startswith("-") else ("", sort)
    return sign + SORTED[key].sort


def is_sort(text: str) -> bool:
    return text.removeprefix("-") in SORTED


@dataclass(frozen=True)
class Heading:
    """The head of a column: what a click on it sorts by, and how it is sorted now."""

    column: Column
    sort: str
    state: str  # "ascending", "descending" or "none", as screen readers know it


def headings(shown: list[Column], sort: str) -> list[Heading]:
    """The heads of the name and of the columns that are shown."""
    return [_heading(column, sort) for column in (NAME, *shown)]


def _heading(column: Column, sort: str) -> Heading:
    up, down = column.key, f"-{column.key}"
    if sort == up:
        return Heading(column, down, "ascending")
    if sort == down:
        return Heading(column, up, "descending")
    return Heading(column, (down if column.newest_first else up) if column.sort else "", "none")


def attributes(shown: list[Column]) -> list[tuple[str, SafeString]]:
    """What every cell of the columns that are shown has, by their keys: made once for a page."""
    return [(column.key, _attributes(column)) for column in shown]


def _attributes(column: Column) -> SafeString:
    named = [("class", column.kind), ("data-label", column.label), ("title", column.hint)]
    return format_html_join("", ' {}="{}"', [(name, value) for name, value in named if value])


def clean(keys: Iterable[Any]) -> list[str]:
    """The columns among these that there are, each once."""
    return list(dict.fromkeys(key for key in keys if isinstance(key, str) and key in BY_KEY))


def of(user: User, view: SavedView | None) -> list[Column]:
    """What a person sees: the view's columns, else their own, else the usual."""
    return chosen(view, ListLayout.objects.filter(user=user).values_list("columns", flat=True).first() or ())


def chosen(view: SavedView | None, layout: Iterable[Any]) -> list[Column]:
    """The same, where the person's own are at hand."""
    keys = (clean(view.columns) if view else []) or clean(layout)
    return [BY_KEY[key] for key in keys or USUAL]


def arranged(keys: list[str], move: str) -> list[str]:
    """The keys after one step: ``status:-1`` takes a column one place to the left, ``status:1`` to the right."""
    key, _colon, step = move.partition(":")
    if key not in keys or step not in {"-1", "1"}:
        return keys
    place = keys.index(key)
    other = max(0, min(len(keys) - 1, place + int(step)))
    moved = [each for each in keys if each != key]
    moved.insert(other, key)
    return moved


def keep(user: User, view: SavedView | None, keys: list[str]) -> None:
    """Remember the columns, for the view that is open or for the person."""
    found = clean(keys)
    if view is not None:
        SavedView.objects.filter(pk=view.pk).update(columns=found)
    else:
        ListLayout.objects.update_or_create(user=user, defaults={"columns": found})


def offers(shown: list[Column]) -> list[tuple[Column, bool]]:
    """Every column for the chooser: those that are shown in their order, then the rest."""
    rest = [column for column in COLUMNS if column not in shown]
    return [*((column, True) for column in shown), *((column, False) for column in rest)]
