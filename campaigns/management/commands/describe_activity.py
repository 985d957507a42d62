"""Print the JSON Schema of an activity's settings, or of all of them."""

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

    def handle(self, *args: Any, **options: Any) -> None:
        if options["type"]:
            described = describe.schema(catalogue.get(options["type"]))
        else:
            described = {kind.key: describe.schema(kind) for kind in catalogue.all_types()}
        self.answer(described, json.dumps(described, indent=2, ensure_ascii=False))
