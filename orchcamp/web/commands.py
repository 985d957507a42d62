"""Commands that speak in sentences: an answer on standard output, a refusal on standard error, never a traceback."""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from .errors import Refused

logger = logging.getLogger(__name__)
LOG = "commands.log"  # in the data folder: what a person at a terminal need not see


class SentenceCommand(BaseCommand):
    """Exit code 0 with an answer, 1 with a sentence that says what is wrong, 2 for wrong usage."""

    requires_system_checks: list[str] = []
    serves: ClassVar[bool] = False  # whether it runs on and its standard error is a server's log
    as_json = False
    answered = False

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.add_argument("--json", action="store_true", help="print the answer as JSON")
        return parser

    def execute(self, *args: Any, **options: Any) -> str | None:
        self.as_json, self.answered = bool(options.pop("json", False)), False
        at_a_terminal = getattr(self, "_called_from_command_line", False) and not options.get("traceback")
        if at_a_terminal and not self.serves:
            _log_to_file()
        try:
            return super().execute(*args, **options)
        except (Refused, CommandError) as error:
            self.refuse(str(error), getattr(error, "returncode", 1), error, at_a_terminal)
        except DatabaseError as error:
            why = " ".join(str(error).split()).rstrip(".")
            sentence = f"The database refused: {why}. If it is new or older than this version, run “manage.py migrate”."
            self.refuse(sentence, 1, error, at_a_terminal)
        except BrokenPipeError:  # whoever read the answer has enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(1) from None
        except Exception as error:
            if not at_a_terminal:
                raise
            logger.exception("%s failed", self.__class__.__module__)
            self.refuse(_unexpected(error), 1, error, at_a_terminal)

    def refuse(self, sentence: str, code: int, error: Exception, at_a_terminal: bool) -> NoReturn:
        """End with a sentence; with ``--json`` standard output holds it too, unless there was an answer."""
        if not at_a_terminal:
            raise CommandError(sentence, returncode=code) from error
        if self.as_json and not self.answered:
            self.answer({"error": sentence}, "")
        self.stderr.write(sentence)
        raise SystemExit(code)

    def answer(self, value: Any, text: str) -> None:
        """Print ``value`` as one line of JSON with ``--json``, else ``text``."""
        self.answered = True
        self.stdout.write(json.dumps(value, ensure_ascii=False, default=str) if self.as_json else text)


def _log_to_file() -> None:
    """What is logged goes to a file: standard error is for sentences."""
    folder = Path(settings.DATA_DIR)
    handler: logging.Handler = logging.NullHandler()
    if os.access(folder / LOG if (folder / LOG).exists() else folder, os.W_OK):
        handler = logging.FileHandler(folder / LOG, encoding="utf-8", delay=True)
        handler.setFormatter(logging.Formatter("{asctime} {levelname} {name}: {message}", style="{"))
    handler.name = LOG
    root = logging.getLogger()
    root.handlers = [*(kept for kept in root.handlers if kept.name not in {"console", LOG}), handler]


def _unexpected(error: Exception) -> str:
    """What no part of the program has words for: a full disk, a broken file, a mistake of ours."""
    why = " ".join(str(error).split())[:300].rstrip(".")
    told = f"{type(error).__name__}: {why}" if why else type(error).__name__
    return f"This could not be done ({told}). The details are in {Path(settings.DATA_DIR) / LOG}."
