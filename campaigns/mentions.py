"""@names in texts: read, looked up among those who may see the campaign, suggested, and shown."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.utils.html import escape, format_html, urlize
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orchcamp.accounts import access
from orchcamp.accounts.models import User

from .models import Campaign

NAME = re.compile(r"(?:^|(?<=[\s(\[{\"'“‘,;:/]))@([\w.+-]{1,150}(?:@[\w.-]+)?)")
TAIL = ".-+"  # what ends a sentence is not part of a name
MOST = 20  # people of one comment
SUGGESTED = 8


@dataclass(frozen=True)
class Named:
    """Whom a text names, and the names that stand for nobody who may see the campaign."""

    people: list[User] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    @property
    def complaint(self) -> str:
        """A sentence about the names that reach nobody; empty when there are none."""
        if not self.unknown:
            return ""
        names = get_text_list([f"@{name}" for name in self.unknown], _("and"))
        return ngettext(
            "Nobody by the name %(names)s may see this campaign, so nobody was told; edit the comment to mend the name.",
            "Nobody by the names %(names)s may see this campaign, so nobody was told; edit the comment to mend the names.",
            len(self.unknown),
        ) % {"names": names}


def names(text: str) -> list[str]:
    """The names of a text, each once, in lower case."""
    found = (match.group(1).rstrip(TAIL).lower() for match in NAME.finditer(text))
    return list(dict.fromkeys(name for name in found if name))[:MOST]


def read(text: str, campaign: Campaign) -> Named:
    """The people whom a text names: only those who may see the campaign."""
    asked = names(text)
    if not asked:
        return Named()
    found = access.who_may("view", campaign).annotate(lower=Lower("username")).filter(lower__in=asked)
    people = {person.lower: person for person in found}
    return Named([people[name] for name in asked if name in people], [name for name in asked if name not in people])


def suggested(campaign: Campaign, typed: str) -> QuerySet[User]:
    """The people of whom what was typed is the beginning of a name."""
    people = access.who_may("view", campaign)
    if typed:
        begins = Q(username__istartswith=typed) | Q(first_name__istartswith=typed) | Q(last_name__istartswith=typed)
        people = people.filter(begins)
    return people.order_by("username")[:SUGGESTED]


def shown(text: str, mentioned: Collection[str]) -> SafeString:
    """A text as it is safe to show: line breaks, links, and the names of those it was addressed to."""
    known = {name.lower() for name in mentioned}
    pieces: list[str] = []
    after = 0
    for match in NAME.finditer(text):
        name = match.group(1).rstrip(TAIL)
        if name.lower() in known:
            pieces += [_plain(text[after : match.start()]), format_html('<span class="mention">@{}</span>', name)]
            after = match.start() + 1 + len(name)
    pieces.append(_plain(text[after:]))
    return mark_safe("".join(pieces))  # noqa: S308 - every piece is escaped


def _plain(text: str) -> str:
    lines = text.replace("\r\n", "\n").split("\n")
    return "<br>".join(urlize(line, nofollow=True, autoescape=True) if line else escape("") for line in lines)
