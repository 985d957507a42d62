"""Commands that speak in sentences: an answer on standard output, a refusal on standard error, never a traceback."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from .errors import Refused


class SentenceCommand(BaseCommand):
    """Exit code 0 with an answer, 1 with a sentence that says what is wrong, 2 for wrong usage."""

    requires_system_checks: list[str] = []
    as_json = False

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.add_argument("--json", action="store_true", help="print the answer as JSON")
        return parser

    def execute(self, *args: Any, **options: Any) -> str | None:
        self.as_json = bool(options.pop("json", False))
        try:
            return super().execute(*args, **options)
        except Refused as error:
            raise CommandError(str(error), returncode=1) from error
        except DatabaseError as error:
            raise CommandError(
                f"The database refused: {error}. If it is new or older than this version, run “manage.py migrate” first.",
                returncode=1,
            ) from error

    def answer(self, value: Any, text: str) -> None:
        """Print ``value`` as one line of JSON with ``--json``, else ``text``."""
        self.stdout.write(json.dumps(value, ensure_ascii=False, default=str) if self.as_json else text)
