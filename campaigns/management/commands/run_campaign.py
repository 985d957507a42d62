"""One run of a campaign to its end, in the foreground."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.utils.translation import gettext as _

from campaigns import console, execution, lifecycle
from campaigns.errors import CampaignError
from campaigns.models import Run
from orchcamp.web.commands import SentenceCommand


class Command(SentenceCommand):
    help = "Run a campaign to its end, here and now; no worker is needed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the campaign")
        mode = parser.add_mutually_exclusive_group(required=True)
        mode.add_argument("--test", action="store_true", help="count every transition; nothing is sent")
        mode.add_argument("--live", action="store_true", help="run the published version")
        parser.add_argument("--confirm-by", metavar="USER", help="confirm the sendings in this person's name")

    def handle(self, *args: Any, slug: str, live: bool, confirm_by: str | None, **options: Any) -> None:
        campaign = console.campaign_named(slug)
        person = console.person_with(confirm_by, "confirm", campaign) if confirm_by else None
        if live:
            run = lifecycle.live_run(campaign, by=person)
        else:
            run = execution.start(campaign.latest_version(), mode=Run.Mode.TEST, trigger="command")
        run = execution.run_to_end(run, confirm_by=person, say=self.stderr.write)
        self.answer(console.run_as_json(run), self.table(run))
        if run.status == Run.Status.RUNNING:
            self.stderr.write(execution.waiting_sentence(run))
        elif run.status != Run.Status.SUCCEEDED:
            why = {"status": run.get_status_display().lower(), "error": run.error}
            raise CampaignError(_("The run %(status)s. %(error)s") % why)

    def table(self, run: Run) -> str:
        """The nodes in the order of the canvas, with the rows that left each port."""
        found, graph = console.run_as_json(run), run.graph
        lines = [_("Run %(run)s: %(status)s") % {"run": run.pk, "status": run.get_status_display()}]
        for id, node in found["nodes"].items():
            rows = "  ".join(f"{port} {output['rows']:,}" for port, output in node["outputs"].items())
            lines.append(f"  {graph.nodes[id].name:<32} {node['status']:<10} {rows or node['error']}".rstrip())
        for delivery in found["deliveries"]:
            excluded = ", ".join(f"{reason} {rows:,}" for reason, rows in delivery["excluded"].items()) or "0"
            lines.append(
                _("  %(node)s: targeted %(targeted)s, excluded %(excluded)s, accepted %(accepted)s")
                % {**delivery, "excluded": excluded}
            )
        return "\n".join(lines)
