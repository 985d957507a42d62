"""Which way one row went through a campaign's canvas, and why."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from campaigns import console, counts, explaining
from campaigns.errors import CampaignError
from campaigns.explaining import Explanation, Reader
from orchcamp.datasets.rules.verdicts import Verdict
from orchcamp.web.commands import SentenceCommand

MARKS = {True: "✓", False: "✗", None: "·"}


class Command(SentenceCommand):
    help = (
        "Explain which way a row went in the last run (before any run: in the draft): node by node, with the reasons."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the campaign")
        parser.add_argument("key", help="the row's key, or an address such as an email")
        parser.add_argument("--dimension", default="", help="whose rows; that of the campaign if left out")
        parser.add_argument("--draft", action="store_true", help="explain the draft as it is now")

    def handle(self, *args: Any, slug: str, key: str, dimension: str, draft: bool, **options: Any) -> None:
        version = console.campaign_named(slug).latest_version()
        stage = explaining.stage_of(version, None if draft else counts.latest_run(version))
        if stage.purged():
            stage = explaining.stage_of(version, None)
        known = explaining.dimensions(stage, version.campaign.dimension)
        if not known or (dimension and dimension not in known):
            names = ", ".join(known) or _("none")
            raise CampaignError(
                _("This canvas has no rows of that dimension; there are: %(names)s.") % {"names": names}
            )
        dimension = dimension or known[0]
        found = explaining.find(stage.ctx, dimension, key, Reader())
        explained = [explaining.explain(stage, dimension, row.key, Reader()) for row in found]
        self.answer([_as_json(each) for each in explained], "\n\n".join("\n".join(_lines(each)) for each in explained))


def _lines(found: Explanation) -> Iterator[str]:
    yield found.headline
    for step in found.steps:
        yield f"{step.name} ({step.node_id}): {step.sentence}"
        for told in step.told:
            for verdict in told.verdicts:
                yield from _verdict_lines(verdict, 1)


def _verdict_lines(verdict: Verdict, depth: int) -> Iterator[str]:
    values = ", ".join(f"{cell.label} {explaining.shown(cell.value)}".strip() for cell in verdict.cells)
    part = _("except ") if verdict.part == "except" else ""
    yield f"{'  ' * depth}{MARKS[verdict.holds]} {part}{verdict.words}{f': {values}' if values else ''}"
    for item in verdict.items:
        yield from _verdict_lines(item, depth + 1)


def _as_json(found: Explanation) -> dict[str, Any]:
    return {
        "row": found.row,
        "sentence": found.headline,
        "run": found.run.pk if found.run else None,
        "nodes": [
            {
                "node": step.node_id,
                "name": step.name,
                "state": step.state,
                "ports": list(step.ports),
                "sentence": step.sentence,
                "rows": [
                    {"key": told.key, "verdicts": [_verdict_json(v) for v in told.verdicts]} for told in step.told
                ],
            }
            for step in found.steps
        ],
    }


def _verdict_json(verdict: Verdict) -> dict[str, Any]:
    cells = [{"label": cell.label, "value": None if cell.value is None else str(cell.value)} for cell in verdict.cells]
    found: dict[str, Any] = {"words": verdict.words, "holds": verdict.holds, "kind": verdict.kind, "values": cells}
    if verdict.of is not None:
        found |= {"rows": verdict.rows, "of": verdict.of}
    return found | ({"items": [_verdict_json(item) for item in verdict.items]} if verdict.items else {})
