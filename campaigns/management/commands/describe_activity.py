"""Print the JSON Schema of an activity's settings, of all of them, or the reference page."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import CommandParser

from activities import catalogue, describe
from orchcamp.web.commands import SentenceCommand


class Command(SentenceCommand):
    help = "The settings of an activity type as JSON Schema; without TYPE, of every type by its key."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("type", nargs="?", metavar="TYPE", help="the key of a type, such as split")
        parser.add_argument("--reference", action="store_true", help="print docs/reference/activities.md instead")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["reference"]:
            page = describe.reference()
            self.answer({"reference": page}, page.rstrip("\n"))
            return
        if options["type"]:
            described = describe.schema(catalogue.get(options["type"]))
        else:
            described = {kind.key: describe.schema(kind) for kind in catalogue.all_types()}
        self.answer(described, json.dumps(described, indent=2, ensure_ascii=False))
