"""The demo: four people, a grocery retailer's real data, one channel and one campaign. Loading twice is loading once."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from django.contrib.auth.models import Group
from django.db import transaction

from campaigns import portable
from campaigns.models import Campaign, Folder, Task
from orchcamp.accounts.backends import DEMO_PASSWORD as PASSWORD
from orchcamp.accounts.models import User
from orchcamp.datasets import demo as demo_data
from orchcamp.datasets import loading, manifest
from orchcamp.datasets.models import Dataset
from orchcamp.messaging.models import Channel, ChannelConfiguration, SeedAddress

PEOPLE = {
    "administrator": ("Ada", "Lindqvist"),
    "approver": ("Anna", "Moreau"),
    "manager": ("Mark", "Okafor"),
    "viewer": ("Vera", "Santos"),
}
CAMPAIGN = Path(__file__).with_name("spring-cashback.json")


def load(*, sink_port: int, say: Callable[[str], None]) -> None:
    """Make what is missing and leave the rest alone; ``sink_port`` is where the demo's mail server listens."""
    people()
    channel(sink_port)
    planned_channels()
    data(say)
    campaign()


@transaction.atomic
def people() -> None:
    for name, (first, last) in PEOPLE.items():
        if User.objects.filter(username=name).exists():
            continue
        user = User.objects.create_user(name, f"{name}@example.com", PASSWORD, first_name=first, last_name=last)
        user.groups.add(Group.objects.get(profile__slug=name))


def channel(sink_port: int) -> None:
    """The configuration of the demo's emails; only its port follows the mail server."""
    configuration, made = ChannelConfiguration.objects.get_or_create(
        slug="newsletter",
        defaults={
            "label": "Newsletter",
            "sender_name": "Fresh & Fair",
            "sender_address": "hello@freshandfair.example",
            "reply_to": "service@freshandfair.example",
            "host": "127.0.0.1",
            "port": sink_port,
            "security": ChannelConfiguration.Security.NONE,
            "consent_column": "email_consent",
        },
    )
    if not made and configuration.host == "127.0.0.1" and configuration.port != sink_port:
        ChannelConfiguration.objects.filter(pk=configuration.pk).update(port=sink_port)
    SeedAddress.objects.get_or_create(address="proofs@freshandfair.example", defaults={"label": "Proof readers"})


def planned_channels() -> None:
    """Text messages and letters: planned and counted, nothing is sent by them."""
    known = {"texts": ("Text messages", Channel.SMS, "sms_consent"), "letters": ("Printer", Channel.DIRECT_MAIL, "")}
    for slug, (label, kind, consent) in known.items():
        ChannelConfiguration.objects.get_or_create(
            slug=slug,
            defaults={
                "label": label,
                "channel": kind,
                "sender_name": "Fresh & Fair",
                "sender_address": "hello@freshandfair.example",
                "consent_column": consent,
            },
        )


def data(say: Callable[[str], None]) -> None:
    if Dataset.objects.filter(slug="households", snapshot__isnull=False).exists():
        return
    say("Loading a grocery retailer's year: households, 1.47 million transactions, 92,000 products …")
    with tempfile.TemporaryDirectory() as folder:
        loading.load(manifest.read(demo_data.write_files(Path(folder))))


def campaign() -> None:
    document = json.loads(CAMPAIGN.read_text())
    slug = document["campaign"]["slug"]
    if Campaign.objects.filter(slug=slug).exists():
        return
    manager = User.objects.get(username="manager")
    with transaction.atomic():
        made = portable.load(document, owner=manager)
        folder, _ = Folder.objects.get_or_create(name="Seasonal")
        Campaign.objects.filter(pk=made.pk).update(folder=folder)
        Task.objects.create(
            campaign=made,
            title="Check the wording of both emails",
            assignee=User.objects.get(username="approver"),
            created_by=manager,
        )
