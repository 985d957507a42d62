"""What the alerts panel says about a campaign."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns import console
from campaigns.contexts import problems
from campaigns.errors import CampaignError
from orchcamp.web.commands import SentenceCommand


class Command(SentenceCommand):
    help = "Say what keeps a campaign from running: errors and warnings, by node. Exit status 1 if there are errors."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the campaign")

    def handle(self, *args: Any, slug: str, **options: Any) -> None:
        version = console.campaign_named(slug).latest_version()
        names = {id: node.name for id, node in version.graph.nodes.items()}
        found: dict[str, list[dict[str, Any]]] = {"errors": [], "warnings": []}
        lines = []
        for problem in problems(version):
            name = names.get(problem.node_id or "", "")
            line = {"node": problem.node_id, "name": name, "sentence": problem.sentence}
            found["errors" if problem.severity == "error" else "warnings"].append(line)
            place = f"{name} ({problem.node_id}): " if problem.node_id else ""
            lines.append(f"{problem.severity}: {place}{problem.sentence}")
        self.answer(found, "\n".join(lines) or _("No errors and no warnings."))
        if count := len(found["errors"]):
            text = ngettext("“%(slug)s” has %(n)s error.", "“%(slug)s” has %(n)s errors.", count)
            raise CampaignError(text % {"slug": slug, "n": count})
