"""``manage.py purge``: remove what is past its time, now."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.template.defaultfilters import filesizeformat

from campaigns import retention
from orchcamp.web.commands import SentenceCommand


class Command(SentenceCommand):
    help = (
        "Remove interim results, histories, archived campaigns and entries of the audit trail that are past their time;"
        " workers do it once a day."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would go, and remove nothing")
        parser.add_argument(
            "--orphans",
            action="store_true",
            help="also remove files of the lake that nothing refers to and that are older than a day",
        )

    def handle(self, *args: Any, dry_run: bool, orphans: bool, **options: Any) -> None:
        verb, lines, files, size = ("Would remove" if dry_run else "Removed"), [], 0, 0
        more = True
        while more:
            done = retention.purge(dry=dry_run, orphans=orphans)
            lines, files, size = [*lines, *done.lines], files + done.files, size + done.size
            more = done.more and not dry_run
        told = filesizeformat(size).replace("\N{NO-BREAK SPACE}", " ")
        text = "\n".join([*(f"{verb} {line}." for line in lines), f"{verb} {files:,} files, {told}."])
        self.answer({"dry_run": dry_run, "removed": lines, "files": files, "bytes": size}, text)
