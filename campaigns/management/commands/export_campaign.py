"""A campaign as a file, on standard output."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from campaigns import console, portable
from orchcamp.web.commands import SentenceCommand


class Command(SentenceCommand):
    help = "Write a campaign as JSON to standard output; two exports of one campaign are the same, byte for byte."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the campaign")

    def handle(self, *args: Any, slug: str, **options: Any) -> None:
        self.stdout.write(portable.dump(console.campaign_named(slug)), ending="")
