"""An uploaded list becomes an audience, or changes one: all of it or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from . import audiences, engine, matching, schema
from .audiences import Rows
from .matching import Wish
from .models import Audience, AudienceVersion, Dataset


def save(
    path: Path,
    dataset: Dataset,
    wish: Wish,
    *,
    by: Any,
    label: str = "",
    audience: Audience | None = None,
    mode: str = AudienceVersion.Mode.OVERWRITE,
) -> AudienceVersion:
    """Match the file and save who was found; without an audience a new one is made. Raises Refused."""
    with matching.matched(path, dataset.slug, wish) as found:
        facts = {**found.facts, "unmatched_path": found.unmatched}
        try:
            with transaction.atomic():
                origin = Audience.Origin.UPLOAD
                into = audience or audiences.create(label, dataset, by=by, origin=origin)
                rows = Rows(found.table, _personal(wish, dataset), facts)
                source = _("File %(name)s") % {"name": path.name}
                return audiences.save(into, rows, mode=mode, source=source, by=by)
        except BaseException:
            if found.unmatched:
                engine.drop(found.unmatched)
            raise


def _personal(wish: Wish, dataset: Dataset) -> tuple[str, ...]:
    """Kept columns are personal where they are matched with a personal column or bear the name of one."""
    shape = schema.load().dataset(dataset.slug)
    known = {name.lower() for name, column in shape.columns.items() if column.personal}
    matched = {mine for mine, theirs in wish.pairs if shape.columns[theirs].personal}
    return tuple(name for name in wish.keep if name in matched or name.lower() in known)
