"""The workers that run campaigns, kept alive: one per host."""

from __future__ import annotations

from typing import Any

from campaigns.worker import Supervisor
from orchcamp.web.commands import SentenceCommand


class Command(SentenceCommand):
    help = "Run the workers until SIGTERM or Ctrl-C; a cluster that dies or falls silent is started again."
    serves = True

    def handle(self, *args: Any, **options: Any) -> None:
        Supervisor().run()
