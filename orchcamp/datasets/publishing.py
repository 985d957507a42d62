"""The control plane's side of a load: everything here happens in one short transaction."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from orchcamp.accounts import audit

from . import engine
from .detection import LoadError
from .manifest import ColumnPlan, LinkPlan
from .models import Column, Dataset, Link, Load, Snapshot
from .prepared import Prepared, source_name

COMPARABLE = [{"integer", "decimal", "float"}, {"date", "datetime"}]


def check_links(links: tuple[LinkPlan, ...], types: dict[str, dict[str, str]]) -> None:
    """Both ends of every link exist and can be compared; nothing is written yet."""
    for slug, name, type in Column.objects.exclude(dataset__slug__in=types).values_list(
        "dataset__slug", "name", "type"
    ):
        types.setdefault(slug, {})[name] = type
    for link in links:
        for slug, columns in ((link.source, link.source_columns), (link.target, link.target_columns)):
            for name in columns:
                if name not in types.get(slug, {}):
                    what = _("dataset “%(slug)s”") if slug not in types else _("column “%(name)s” in “%(slug)s”")
                    raise LoadError(
                        _("Link “%(link)s”: there is no %(what)s.")
                        % {"link": link.name, "what": what % {"slug": slug, "name": name}}
                    )
        for here, there in zip(link.source_columns, link.target_columns, strict=True):
            pair = {types[link.source][here], types[link.target][there]}
            if len(pair) > 1 and not any(pair <= group for group in COMPARABLE):
                raise LoadError(
                    _("Link “%(link)s”: %(a)s is %(x)s and %(b)s is %(y)s; declare one type for both under “columns”.")
                    % {
                        "link": link.name,
                        "a": f"{link.source}.{here}",
                        "x": types[link.source][here],
                        "b": f"{link.target}.{there}",
                        "y": types[link.target][there],
                    }
                )


def publish(item: Prepared, by: Any) -> None:
    """Move the pointer: the dataset, its columns, the snapshot and the log, in the caller's transaction."""
    plan, result = item.plan, item.result
    assert result
    dataset, _created = Dataset.objects.get_or_create(
        slug=plan.slug, defaults={"label": plan.slug.replace("_", " ").capitalize()}
    )
    dataset = Dataset.objects.select_for_update().get(pk=dataset.pk)  # a campaign may change its rows meanwhile
    if dataset.snapshot_id != (item.current.pk if item.current else None):
        raise LoadError(
            _("%(slug)s was loaded by someone else meanwhile; nothing was changed, load again.") % {"slug": plan.slug}
        )
    size = (engine.root() / item.path).stat().st_size
    snapshot = Snapshot.objects.create(dataset=dataset, number=item.number, path=item.path, rows=result.rows, size=size)
    dataset.label = plan.label or dataset.label
    dataset.description = dataset.description if plan.description is None else plan.description
    dataset.key, dataset.version_column, dataset.snapshot = list(plan.key), plan.version, snapshot
    dataset.target = dict(plan.target)
    dataset.save()
    _save_columns(dataset, item)
    log = item.log or Load(dataset=dataset, source=source_name(plan), by=by)
    log.status, log.step, log.finished_at, log.snapshot = Load.Status.DONE, "", timezone.now(), snapshot
    log.read, log.kept, log.rejected, log.replaced = result.read, result.kept, result.rejected, result.replaced
    log.reject_path = result.rejects
    log.save()
    audit.record(by, "loaded", dataset, file=source_name(plan), read=result.read, kept=result.kept)


def _save_columns(dataset: Dataset, item: Prepared) -> None:
    known = {column.name: column for column in dataset.columns.all()}
    for position, (name, type) in enumerate(item.types.items()):
        said = item.plan.columns.get(name, ColumnPlan())
        column = known.get(name) or Column(
            dataset=dataset, name=name, label=name.replace("_", " ").strip().capitalize()
        )
        column.type, column.position = type, position
        column.label = said.label or column.label
        if said.personal is not None:
            column.personal = said.personal
        elif name in item.plan.target.values() and name not in known:
            column.personal = True
        column.values = list(said.values) if said.values is not None else column.values
        column.save()


def link(plan: LinkPlan) -> None:
    source, target = Dataset.objects.get(slug=plan.source), Dataset.objects.get(slug=plan.target)
    taken = Link.objects.filter(source=source).exclude(name=plan.name).filter(name=plan.reverse, target=source)
    taken |= Link.objects.filter(target=source, reverse=plan.name).exclude(source=source, name=plan.name)
    taken |= Link.objects.filter(source=target, name=plan.reverse)
    taken |= Link.objects.filter(target=target, reverse=plan.reverse).exclude(source=source, name=plan.name)
    if taken.exists() or (source == target and plan.name == plan.reverse):
        raise LoadError(
            _(
                "Link “%(name)s” / “%(reverse)s” between %(source)s and %(target)s: one of the names is taken; choose another."
            )
            % {"name": plan.name, "reverse": plan.reverse, "source": plan.source, "target": plan.target}
        )
    Link.objects.update_or_create(
        source=source,
        name=plan.name,
        defaults={
            "source_columns": list(plan.source_columns),
            "target": target,
            "target_columns": list(plan.target_columns),
            "reverse": plan.reverse,
            "cardinality": plan.cardinality,
        },
    )
    Dataset.objects.filter(pk__in=[source.pk, target.pk]).update(updated_at=timezone.now())
