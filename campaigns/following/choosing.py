"""What people choose to hear of a campaign; its owner and its editors follow it until they choose otherwise."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from campaigns.errors import CampaignError
from campaigns.models import Campaign, CampaignVersion, Following
from orchcamp.accounts import access, audit
from orchcamp.accounts.models import User

E = Following.Extent


@dataclass(frozen=True)
class Follower:
    """One person who hears of a campaign, or has chosen not to."""

    person: User
    extent: Following.Extent
    takes_part: bool  # owns or edits it, hence follows without having asked
    sees: bool  # else nothing is told


def extent_for(user: User) -> Coalesce:
    """What a person hears of each campaign of a queryset, to annotate it with."""
    chosen = Following.objects.filter(campaign=OuterRef("pk"), person=user).values("extent")
    versions = CampaignVersion.objects.filter(Q(author=user) | Q(editors=user), campaign=OuterRef("pk"))
    takes_part = Case(When(Q(owner=user) | Exists(versions), then=Value(E.ALL.value)), default=Value(E.NONE.value))
    return Coalesce(Subquery(chosen), takes_part, output_field=CharField())


def extent(campaign: Campaign, user: User) -> str:
    """What a person hears of one campaign."""
    return str(Campaign.objects.filter(pk=campaign.pk).values_list(extent_for(user), flat=True).get())


def taking_part(campaign: Campaign) -> Q:
    """The condition that a person owns a campaign, or wrote or edited a version of it."""
    versions = CampaignVersion.objects.filter(campaign=campaign)
    editors = CampaignVersion.editors.through.objects.filter(campaignversion__campaign=campaign)
    mine = Q(pk__in=versions.filter(author__isnull=False).values("author")) | Q(pk__in=editors.values("user"))
    return mine | Q(pk=campaign.owner_id) if campaign.owner_id else mine


def audience(campaign: Campaign, *, important: bool) -> QuerySet[User]:
    """Those who hear of something that happened to a campaign: they follow it so far, and may still see it."""
    wanted = [E.ALL, E.IMPORTANT] if important else [E.ALL]
    rows = Following.objects.filter(campaign=campaign)
    chose = Q(pk__in=rows.filter(extent__in=wanted).values("person"))
    people = access.who_may("view", campaign).filter(chose | taking_part(campaign))
    return people.exclude(pk__in=rows.exclude(extent__in=wanted).values("person"))


def followers(campaign: Campaign) -> list[Follower]:
    """Everybody who follows a campaign or has chosen not to, by name."""
    rows = dict(Following.objects.filter(campaign=campaign).values_list("person", "extent"))
    part = set(User.objects.filter(taking_part(campaign)).values_list("pk", flat=True))
    people = list(User.objects.filter(pk__in=part | rows.keys()).order_by("first_name", "last_name", "username"))
    seeing = set(
        access.who_may("view", campaign).filter(pk__in=[one.pk for one in people]).values_list("pk", flat=True)
    )
    return [Follower(one, E(rows.get(one.pk, E.ALL)), one.pk in part, one.pk in seeing) for one in people]


def follow(campaign: Campaign, person: User, extent: str, *, by: User) -> None:
    """Let a person hear this much of a campaign from now on."""
    if extent not in E.values:
        raise CampaignError(
            _("“%(extent)s” is not something one can follow; choose one of: %(all)s.")
            % {"extent": extent[:40], "all": ", ".join(str(label) for label in E.labels)}
        )
    if person != by:
        if not access.administers(by):
            raise CampaignError(_("Only administrators choose for others what they follow."))
        if extent != E.NONE and not access.who_may("view", campaign).filter(pk=person.pk).exists():
            raise CampaignError(_("%(name)s may not see this campaign; share it with them first.") % {"name": person})
    with transaction.atomic():
        _row, new = Following.objects.update_or_create(campaign=campaign, person=person, defaults={"extent": extent})
        if person != by:
            audit.record(by, "changed follower", campaign, person=person.username, extent=extent, new=new)
