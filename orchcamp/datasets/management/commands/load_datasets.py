"""``manage.py load_datasets MANIFEST``: create or refresh datasets and links from files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from orchcamp.datasets import loading, manifest
from orchcamp.web.commands import SentenceCommand


class Command(SentenceCommand):
    help = "Create or refresh datasets and links from the files that a manifest names."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("manifest", type=Path, help="a YAML file (docs/reference/manifest.md)")

    def handle(self, *args: Any, **options: Any) -> None:
        plan = manifest.read(options["manifest"])
        results = loading.load(plan, say=lambda step: self.stderr.write(step) if not self.as_json else None)
        lines = [
            f"{r.slug}: {r.read:,} read, {r.kept:,} kept, {r.rejected:,} rejected, {r.replaced:,} replaced;"
            f" {r.rows:,} rows now ({r.seconds:.1f} s)"
            + (f"\n  rejects: {r.as_json()['reject_file']}" if r.rejects else "")
            for r in results
        ]
        self.answer({result.slug: result.as_json() for result in results}, "\n".join(lines))
