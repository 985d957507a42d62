"""One run of a campaign to its end, in the foreground."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
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
        mode.add_argument(
            "--dry", action="store_true", help="plan every message too, past all channels; nothing is sent"
        )
        parser.add_argument("--confirm-by", metavar="USER", help="confirm the sendings in this person's name")
        parser.add_argument(
            "--answer",
            metavar="NODE=CODE",
            action="append",
            default=[],
            help="answer the question of an approval node (with --by), or let a dry run assume this answer; repeatable",
        )
        parser.add_argument("--by", metavar="USER", help="who answers")

    def handle(
        self, *args: Any, slug: str, confirm_by: str | None, answer: list[str], by: str | None, **more: Any
    ) -> None:
        campaign = console.campaign_named(slug)
        person = console.person_with(confirm_by, "confirm", campaign) if confirm_by else None
        answers = console.assignments(answer, "--answer n4=yes")
        if answers and not by and not more["dry"]:
            raise CommandError(_("Say who answers: --by USER."), returncode=2)
        answerer = console.person_with(by, "view", campaign) if by else None
        if more["live"]:
            run = lifecycle.live_run(campaign, by=person)
        else:
            how = {"mode": Run.Mode.DRY, "answers": answers} if more["dry"] else {"mode": Run.Mode.TEST}
            run = execution.start(campaign.latest_version(), trigger="command", **how)
        run = execution.run_to_end(run, confirm_by=person, answers=answers, by=answerer, say=self.stderr.write)
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
        sentence = _("  %(node)s: targeted %(targeted)s, excluded %(excluded)s, accepted %(accepted)s")
        if run.mode == Run.Mode.DRY:
            sentence = _("  %(node)s: targeted %(targeted)s, excluded %(excluded)s, would be sent %(prepared)s")
        for delivery in found["deliveries"]:
            excluded = ", ".join(f"{reason} {rows:,}" for reason, rows in delivery["excluded"].items()) or "0"
            lines.append(sentence % {**delivery, "excluded": excluded})
            for error in delivery.get("render_errors", []):
                lines.append(f"    {error['messages']:,} × {error['sentence']}")
        return "\n".join(lines)
