"""What the stories of dry runs share: customers with addresses and telephones of every kind, and both kinds of runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from activities.graph import Graph
from campaigns import execution
from campaigns.models import Campaign, Run, SealedPlan
from orchcamp.datasets import engine
from orchcamp.messaging.models import ChannelConfiguration, Delivery, Suppression
from tests.builders import make_dataset, make_link
from tests.campaigns.builders import audience, make_campaign, make_configuration

EMAILS = ["ann@x.example", "bob@x.example", "Ann@X.example", None, "broken", "eve@y.example", "fay@z.example", ""]
PHONES = ["+33123456789", None, "+33123456788", "+33 123 456 789", "12", "+33123456787", "+33123456786", None]


def make_customers(n: int = 24) -> None:
    """Customers in households; orders of customers. Every eighth has the same kind of address."""
    rows = [
        {
            "id": i,
            "name": None if i % 5 == 0 else f"Customer {i}",
            "city": ["Paris", "Lyon", "Nice"][i % 3],
            "email": None if (mail := EMAILS[i % 8]) is None else mail.replace("@", f"{i // 16}@"),
            "phone": PHONES[i % 8],
            "consent": i % 7 != 0,
            "household_id": i // 2,
        }
        for i in range(1, n + 1)
    ]
    columns = dict.fromkeys(("name", "city", "email", "phone"), "string")
    columns = {"id": "integer", **columns, "consent": "boolean", "household_id": "integer"}
    target = {"email": "email", "sms": "phone", "push": "phone", "direct_mail": ["name", "city"]}
    customers = make_dataset("customers", ["id"], columns, rows, target=target, personal=("name", "email", "phone"))
    households = [{"hid": i, "email": f"house{i // 2}@x.example"} for i in range(n // 2 + 1)]
    homes = make_dataset(
        "households", ["hid"], {"hid": "integer", "email": "string"}, households, target={"email": "email"}
    )
    make_link(customers, ["household_id"], homes, "household", "members")
    for slug, channel in {"newsletter": "email", "sms": "sms", "push": "push", "direct_mail": "direct_mail"}.items():
        if not ChannelConfiguration.objects.filter(slug=slug).exists():
            make_configuration(slug, channel=channel)
    make_configuration("plain", consent_column="")
    Suppression.objects.create(address="@z.example")


def everybody(rule: Mapping[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
    return "build_audience", audience(dict(rule) if rule else None, dimension="customers")


def dry_run(canvas: Graph, answers: Mapping[str, str] | None = None, **changes: Any) -> Run:
    """A dry run of a draft, done."""
    campaign = make_campaign(canvas, **changes)
    return again(campaign, answers)


def again(campaign: Campaign, answers: Mapping[str, str] | None = None) -> Run:
    return execution.run_to_end(execution.start(campaign.draft(), mode=Run.Mode.DRY, answers=answers))


def live_run(campaign: Campaign) -> Run:
    """A live run of the same version, as if it had been approved and published; nobody confirms its sendings."""
    now = timezone.now()
    campaign.versions.update(frozen_at=now, approved_at=now, published_at=now)
    Campaign.objects.filter(pk=campaign.pk).update(status="live")
    return execution.run_to_end(execution.start(campaign.latest_version(), mode=Run.Mode.LIVE))


def planned(plan: SealedPlan | Delivery) -> list[dict[str, Any]]:
    """The rows of a plan, but for what belongs to the single run: its message ids and its batches."""
    path = plan.path if isinstance(plan, SealedPlan) else plan.plan
    rows = engine.rows(engine.table(path).order_by(list(plan.key)))
    return [{name: value for name, value in row.items() if name not in {"message_id", "batch"}} for row in rows]
