"""A campaign from a file."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from campaigns import console, portable
from orchcamp.web.commands import SentenceCommand


class Command(SentenceCommand):
    help = (
        "Make a campaign from a JSON or YAML file. If there is a draft with its slug, the draft's canvas and "
        "properties are replaced; a campaign beyond draft is left alone and the import refused. Files that the "
        "canvas names are taken along from the folder of the campaign file."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="what export_campaign wrote")
        parser.add_argument("--owner", metavar="USER", help="whose campaign it is; they are its author")

    def handle(self, *args: Any, file: Path, owner: str | None, **options: Any) -> None:
        document = portable.read(file)
        campaign = portable.load(document, owner=console.person_named(owner) if owner else None, beside=file.parent)
        if unknown := portable.ignored(document):
            self.stderr.write(
                _("Ignored, as this version does not know it: %(names)s.") % {"names": ", ".join(unknown)}
            )
        answer = {"slug": campaign.slug, "name": campaign.name, "status": campaign.status}
        self.answer(answer, _("Imported “%(name)s” as %(slug)s.") % answer)
