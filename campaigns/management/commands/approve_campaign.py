"""An approval from the command line, with the person's own rights."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.utils.translation import gettext as _

from campaigns import console, lifecycle
from campaigns.approvals import requests
from campaigns.models import Approval, Campaign
from orchcamp.web.commands import SentenceCommand


class Command(SentenceCommand):
    help = (
        "Approve a campaign in a person's name: they need the right, and must not have written or asked for it. "
        "Where policies ask several people, it signs what is this person's turn and says who is still to sign. "
        "A draft is first sent for approval in its author's name."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the campaign")
        parser.add_argument("--by", metavar="USER", required=True, help="who approves")
        parser.add_argument("--message", default="", help="a word to the author")

    def handle(self, *args: Any, slug: str, by: str, message: str, **options: Any) -> None:
        campaign = console.campaign_named(slug)
        person = console.person_with(by, "approve", campaign)
        version = campaign.latest_version()
        approval = Approval.objects.filter(version=version, status=Approval.Status.WAITING).first()
        if approval is None:
            approval = self.ask(campaign, version, person)
        lifecycle.approve(approval, by=person, message=message)
        campaign.refresh_from_db()
        answer = {"slug": slug, "status": campaign.status, "version": version.number, "by": by}
        if missing := requests.missing(approval):
            facts = {**answer, "missing": "; ".join(missing)}
            said = _("“%(slug)s” version %(version)s is signed by %(by)s. It still waits for: %(missing)s.")
            self.answer({**answer, "missing": missing}, said % facts)
            return
        answer["status"] = Campaign.Status.APPROVED
        self.answer(answer, _("“%(slug)s” version %(version)s is approved by %(by)s.") % answer)

    def ask(self, campaign: Campaign, version: Any, person: Any) -> Approval:
        """Send a draft for approval; whoever wrote it is refused before anything is done."""
        lifecycle.demand_other(version, person)
        return lifecycle.submit(version, by=version.author or campaign.owner)
