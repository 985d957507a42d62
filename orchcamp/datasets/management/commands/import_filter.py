"""``manage.py import_filter FILE``: a predefined filter from a file."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from orchcamp.accounts.models import User
from orchcamp.datasets import filter_files, predefined
from orchcamp.web.commands import SentenceCommand


class Command(SentenceCommand):
    help = (
        "Make a predefined filter from a JSON or YAML file, shared with everybody unless the file says otherwise. "
        "If there is a filter with its slug, it gets a new revision."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="an object with “kind”: “filter” (docs/reference/formats.md)")
        parser.add_argument("--owner", metavar="USER", help="whose filter it is, if it is new")

    def handle(self, *args: Any, file: Path, owner: str | None, **options: Any) -> None:
        by = User.objects.filter(username=owner, is_active=True).first() if owner else None
        if owner and by is None:
            raise predefined.FilterError(_("There is no active user “%(name)s”.") % {"name": owner})
        found, new = filter_files.load(file, by=by)
        answer = {"slug": found.slug, "label": found.label, "dimension": found.dataset.slug, "revision": found.revision}
        said = _("Made the filter %(slug)s.") if new else _("The filter %(slug)s is at revision %(revision)s.")
        self.answer(answer, said % answer)
