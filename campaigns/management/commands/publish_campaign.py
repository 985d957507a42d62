"""A publication from the command line, with the person's own rights."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.utils.translation import gettext as _

from campaigns import console, launches, publishing
from orchcamp.web.commands import SentenceCommand


class Command(SentenceCommand):
    help = (
        "Publish an approved campaign in a person's name. Its run is made; a worker carries it out, or "
        "“run_campaign SLUG --live” does, in the foreground."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the campaign")
        parser.add_argument("--by", metavar="USER", required=True, help="who publishes")

    def handle(self, *args: Any, slug: str, by: str, **options: Any) -> None:
        campaign = console.campaign_named(slug)
        run = publishing.publish(campaign, by=console.person_with(by, "publish", campaign))
        answer = {"slug": slug, "status": campaign.status, "run": run.pk if run else None}
        sentence = _("“%(slug)s” is live; its run has the number %(run)s.")
        if run is None:
            sentence = _("“%(slug)s” is in force and launches by itself: %(when)s.")
        self.answer(answer, sentence % {**answer, "when": launches.in_words(campaign)})
