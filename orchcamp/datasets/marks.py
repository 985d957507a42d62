"""The attributes that a person starred in the picker, or used lately."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from orchcamp.web.errors import Refused

from .models import AttributeMark, Dataset

if TYPE_CHECKING:
    from orchcamp.accounts.models import User

FAVOURITES_AT_MOST = 20
RECENT = 10


def favourites(user: User, dataset: str) -> list[str]:
    """Paths of the attributes of a dataset that the person starred."""
    marks = AttributeMark.objects.filter(user=user, dataset__slug=dataset, favourite=True)
    return list(marks.order_by("path").values_list("path", flat=True))


def recent(user: User, dataset: str) -> list[str]:
    """Paths that the person used last, the latest first."""
    marks = AttributeMark.objects.filter(user=user, dataset__slug=dataset, used_at__isnull=False)
    return list(marks.order_by("-used_at").values_list("path", flat=True)[:RECENT])


def star(user: User, dataset: str, path: str) -> bool:
    """Star an attribute, or take its star away; whether it has one now. Raises Refused when there are too many."""
    owner = Dataset.objects.get(slug=dataset)
    mark, _new = AttributeMark.objects.get_or_create(user=user, dataset=owner, path=path)
    if not mark.favourite and AttributeMark.objects.filter(user=user, favourite=True).count() >= FAVOURITES_AT_MOST:
        raise Refused(_("%(n)s attributes are starred already; take a star away first.") % {"n": FAVOURITES_AT_MOST})
    mark.favourite = not mark.favourite
    mark.save(update_fields=["favourite"])
    return mark.favourite


def used(user: User, dataset: str, path: str) -> None:
    """Remember that the person used an attribute; of those never starred only the latest are kept."""
    owner = Dataset.objects.get(slug=dataset)
    AttributeMark.objects.update_or_create(user=user, dataset=owner, path=path, defaults={"used_at": timezone.now()})
    mine = AttributeMark.objects.filter(user=user, dataset=owner, favourite=False)
    kept = list(mine.order_by("-used_at").values_list("pk", flat=True)[:RECENT])
    mine.exclude(pk__in=kept).delete()
