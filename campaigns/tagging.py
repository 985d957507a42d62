"""Tags: words by which campaigns are found, the same whatever their capitals; kept as a list on each campaign."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, models, transaction
from django.db.models import Func, Q, Value
from django.utils.translation import gettext as _

from orchcamp.accounts import audit
from orchcamp.accounts.models import User

from .errors import CampaignError
from .forms import MAX_TAGS
from .models import Campaign


class HasTag(Func):
    """Whether the JSON list of tags holds one of these texts."""

    output_field = models.BooleanField()

    def __init__(self, *texts: str):
        super().__init__(models.F("tags"), *[Value(text, models.TextField()) for text in texts])

    def as_sql(self, compiler: Any, connection: Any, **_extra: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        parts = [compiler.compile(expression) for expression in self.source_expressions]
        (tags, params), texts = parts[0], parts[1:]
        marks = ", ".join(sql for sql, _params in texts)
        found = [*params, *(value for _sql, values in texts for value in values)]
        return f"EXISTS (SELECT 1 FROM {_each(connection.vendor, tags)} WHERE tag.value IN ({marks}))", found  # noqa: S608


def _each(vendor: str, tags: str) -> str:
    """The elements of a JSON list as rows of ``tag``, whose column is ``value``."""
    if vendor == "postgresql":
        return f"jsonb_array_elements_text({tags}) AS tag(value)"
    return f"json_each({tags}) AS tag"


Texts = list[tuple[str, int]]


def texts(campaigns: Any) -> Texts:
    """Every tag as these campaigns spell it, with how many do; the most frequent first. One query."""
    try:
        asked, params = campaigns.order_by().values("tags").query.sql_with_params()
    except EmptyResultSet:  # a person who sees none
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT tag.value, COUNT(*) FROM ({asked}) AS borne, {_each(connection.vendor, 'borne.tags')}"  # noqa: S608
            " GROUP BY tag.value ORDER BY COUNT(*) DESC, tag.value",
            params,
        )
        return [(str(text), number) for text, number in cursor.fetchall()]


def known(found: Texts) -> dict[str, int]:
    """The tags, each in its most frequent spelling, with how many campaigns bear it; by name."""
    spelled: dict[str, str] = {}
    counts: dict[str, int] = {}
    for text, number in found:
        spelling = spelled.setdefault(text.casefold(), text)
        counts[spelling] = counts.get(spelling, 0) + number
    return dict(sorted(counts.items(), key=lambda item: item[0].casefold()))


def spelled(found: Texts, wanted: str) -> list[str]:
    """The ways in which a tag is written."""
    return [text for text, _number in found if text.casefold() == wanted.casefold()]


def with_part(found: Texts, part: str) -> list[str]:
    """The tags that a text is a part of."""
    return [text for text, _number in found if part.casefold() in text.casefold()]


def bearing(tags: Iterable[str]) -> Q:
    """The condition that a campaign bears one of these, spelled so."""
    wanted = list(tags)
    return Q(HasTag(*wanted)) if wanted else Q(pk__in=[])


def merged(tags: Iterable[str], more: Iterable[str]) -> list[str]:
    """Two lists as one without repeats; the first spelling stays."""
    found: dict[str, str] = {}
    for tag in (*tags, *more):
        found.setdefault(tag.casefold(), tag)
    return list(found.values())


def without(tags: Iterable[str], gone: Iterable[str]) -> list[str]:
    """The tags that are none of these."""
    folded = {tag.casefold() for tag in gone}
    return [tag for tag in tags if tag.casefold() not in folded]


def set_tags(campaign: Campaign, tags: list[str], *, by: User | None) -> bool:
    """Give a campaign exactly these tags, whatever its status: they file it, they are not run. Whether it changed."""
    if len(tags) > MAX_TAGS:
        raise CampaignError(
            _("“%(name)s” would have %(n)s tags; at most %(most)s are allowed.")
            % {"name": campaign.name, "n": len(tags), "most": MAX_TAGS}
        )
    if tags == campaign.tags:
        return False
    with transaction.atomic():
        Campaign.objects.filter(pk=campaign.pk).update(tags=tags)
        changes = {"tags": [campaign.tags, tags]}
        audit.record(by, "tagged", campaign, before=campaign.tags, after=tags, changes=changes)
    campaign.tags = tags
    return True


def rename(before: str, after: str, *, by: User) -> int:
    """Spell a tag otherwise everywhere; the name of another tag merges them. How many campaigns bore it."""
    after = after.strip()
    if not after or "," in after or len(after) > 40:
        raise CampaignError(_("Write one tag of at most 40 characters, without a comma."))
    ways = spelled(texts(Campaign.objects.all()), before)
    if not ways:
        raise CampaignError(_("No campaign bears the tag “%(tag)s” any more.") % {"tag": before})
    with transaction.atomic():
        found = [c for c in Campaign.objects.only("tags") if {*ways} & {*c.tags}]
        for campaign in found:
            renamed = [after if tag in ways else tag for tag in campaign.tags]
            Campaign.objects.filter(pk=campaign.pk).update(tags=merged(renamed, ()))
        audit.record(by, "renamed tag", before=before, after=after, campaigns=len(found))
    return len(found)
