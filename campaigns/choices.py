"""What settings forms may offer from the control plane; activities themselves never query."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import Group

from orchcamp.accounts.models import User
from orchcamp.datasets.models import Dataset
from orchcamp.messaging.models import Channel, ChannelConfiguration, Connection

from .models import Campaign
from .models.campaign import CampaignQuerySet


def choices(user: User | None = None) -> dict[str, list[tuple[str, str]]]:
    """The choices of a ``Scope``, as (slug, label); of campaigns only those that ``user`` sees, if one is given."""
    return _all() if user is None else seen(user, _all())


def seen(user: User, offered: dict[str, list[tuple[str, str]]]) -> dict[str, list[tuple[str, str]]]:
    """The same choices, of campaigns only those that somebody sees."""
    return offered | {"campaigns": _names(Campaign.objects.for_user(user))}


def _names(campaigns: CampaignQuerySet) -> list[tuple[str, str]]:
    return list(campaigns.active().order_by("name").values_list("slug", "name"))


def _all() -> dict[str, list[tuple[str, str]]]:
    datasets = list(Dataset.objects.all())
    return {
        **_configurations(),
        **_connections(),
        "transfer_folders": [(str(folder), str(folder)) for folder in settings.TRANSFER_DIRS],
        "datasets": [(dataset.slug, dataset.label) for dataset in datasets],
        "groups": [(name, name) for name in Group.objects.order_by("name").values_list("name", flat=True)],
        "people": [(user.username, str(user)) for user in User.objects.filter(is_active=True).order_by("username")],
        "campaigns": _names(Campaign.objects.all()),
        "dimensions": [(dataset.slug, dataset.label) for dataset in datasets if dataset.is_dimension],
    }


def _connections() -> dict[str, list[tuple[str, str]]]:
    """The connections in use, by what they are for."""
    rows = list(Connection.objects.filter(active=True).values_list("kind", "slug", "label"))
    offered = {"sftp": Connection.Kind.SFTP, "signatures": Connection.Kind.WEBHOOK}
    return {name: [(slug, label) for kind, slug, label in rows if kind == wanted] for name, wanted in offered.items()}


def _configurations() -> dict[str, list[tuple[str, str]]]:
    """The channel configurations in use, by channel."""
    found: dict[str, list[tuple[str, str]]] = {"configurations": []}
    for configuration in ChannelConfiguration.objects.filter(active=True):
        name = "configurations" if configuration.channel == Channel.EMAIL else f"configurations_{configuration.channel}"
        found.setdefault(name, []).append((configuration.slug, configuration.label))
    return {f"configurations_{channel}": [] for channel in Channel.values if channel != Channel.EMAIL} | found
