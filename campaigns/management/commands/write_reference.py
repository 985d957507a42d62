"""Write the generated pages of docs/reference anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings

from activities import describe
from campaigns import status_page
from orchcamp.accounts import roles
from orchcamp.datasets.expressions import reference as expressions
from orchcamp.web.commands import SentenceCommand

PAGES = {
    "activities.md": describe.reference,
    "expressions.md": expressions.page,
    "lifecycle.md": status_page.reference,
    "permissions.md": roles.reference,
}


class Command(SentenceCommand):
    help = "Write the generated pages of docs/reference as the code says."

    def handle(self, *args: Any, **options: Any) -> None:
        folder = Path(settings.BASE_DIR) / "docs" / "reference"
        for name, page in PAGES.items():
            (folder / name).write_text(page().rstrip("\n") + "\n")
        self.answer(sorted(PAGES), f"Wrote {', '.join(sorted(PAGES))} in {folder}.")
