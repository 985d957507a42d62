"""A signal from the command line, with the person's own rights."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import uuid4

from django.utils.translation import gettext as _

from campaigns import console, signals
from orchcamp.web.commands import SentenceCommand


class Command(SentenceCommand):
    help = (
        "Send a campaign a signal in a person's name: it releases a node that waits for one, or begins a run. A worker "
        "carries the run out, or “run_campaign SLUG --live” does, in the foreground."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the campaign")
        parser.add_argument("--by", metavar="USER", required=True, help="who sends it")
        parser.add_argument(
            "--parameter", metavar="NAME=VALUE", action="append", default=[], help="may be given several times"
        )

    def handle(self, *args: Any, slug: str, by: str, parameter: list[str], **options: Any) -> None:
        campaign = console.campaign_named(slug)
        person = console.person_with(by, "publish", campaign)
        parameters = console.assignments(parameter, "--parameter season=spring")
        sent = signals.send(campaign, parameters, key=f"command-{uuid4().hex}", source=str(person), by=person)
        answer = {"slug": slug, "signal": sent.pk, "run": sent.run_id}
        self.answer(answer, _("“%(slug)s” took the signal; its run has the number %(run)s.") % answer)
