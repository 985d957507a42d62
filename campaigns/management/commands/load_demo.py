"""The demo's people, data, channel and campaign, without starting anything."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from campaigns import demo
from orchcamp.web.commands import SentenceCommand


class Command(SentenceCommand):
    help = "Load the demo: people with known passwords, a grocery retailer's data, a campaign. Twice is once."

    def handle(self, *args: Any, **options: Any) -> None:
        demo.load(sink_port=settings.SINK_PORT, say=self.stdout.write)
