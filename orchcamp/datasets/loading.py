"""Files become snapshots: read, typed, merged by key and published, all set-based in the engine.

All datasets of a plan are prepared first, in files nobody knows yet; one short transaction then moves every pointer.
When anything is refused, those files are removed and nothing has changed.
"""

# ruff: noqa: S608

from __future__ import annotations

import shutil
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from . import casting, engine, merging, publishing, rejects, staging, statistics
from .casting import Field
from .detection import LoadError
from .engine import literal, quoted
from .manifest import ColumnPlan, DatasetPlan, Plan
from .models import Dataset, Load
from .prepared import BAD, FAULT, FILE_STRIDE, NO_KEY, VALUE, Prepared, Result, source_name
from .staging import ROW, Source

Say = Callable[[str], None]
SAMPLE = 20_000  # rows on which types are guessed before all rows are asked


def load(plan: Plan, *, by: Any = None, say: Say = lambda step: None) -> list[Result]:
    """Load every dataset of the plan, or none. Raises LoadError with a sentence."""
    prepared: list[Prepared] = []
    try:
        for dataset_plan in plan.datasets:
            with folder_of_its_own() as folder:
                prepared.append(_begun(dataset_plan, by))
                _prepare(prepared[-1], folder, say)
        with transaction.atomic():
            publishing.check_links(plan.links, {item.plan.slug: item.types for item in prepared})
            for item in prepared:
                publishing.publish(item, by)
            for link in plan.links:
                publishing.link(link)
    except BaseException as error:
        _undo(prepared, error)
        raise
    return [item.result for item in prepared if item.result]


def peek(path: Path, rows: int = 10) -> tuple[list[str], list[str], list[list[Any]], int, int]:
    """A file's column names, the types found, its first rows as texts, how many rows and broken lines; changes nothing."""
    with folder_of_its_own() as folder:
        source = staging.stage(path, folder)
        types = [type or "string" for type in detect(source, list(source.fields))]
        texts = ", ".join(f"left({casting.text_of(f)}, 200)" for f in source.fields)
        order = f"ORDER BY {quoted(ROW)} LIMIT {rows}"
        first = engine.connection().execute(
            f"SELECT {texts} FROM {source.relation} WHERE {source.fault} IS NULL {order}"
        )
        cells = [list(row) for row in first.fetchall()]
        return source.names, types, cells, engine.total(source.relation), len(source.broken)


@contextmanager
def folder_of_its_own():
    """A folder of its own for the steps in between."""
    place = Path(settings.DATA_DIR) / "staging"
    place.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=place))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _begun(plan: DatasetPlan, by: Any) -> Prepared:
    dataset = Dataset.objects.filter(slug=plan.slug).select_related("snapshot").first()
    types = {column.name: column.type for column in dataset.columns.all()} if dataset else {}
    log = Load.objects.create(dataset=dataset, source=source_name(plan), by=by) if dataset else None
    return Prepared(plan, dataset, log, types, dataset.snapshot if dataset else None)


def _undo(prepared: list[Prepared], error: BaseException) -> None:
    for item in prepared:
        for path in item.paths:
            engine.drop(path)
        if item.log:
            Load.objects.filter(pk=item.log.pk).update(
                status=Load.Status.FAILED, error=str(error), step="", finished_at=timezone.now()
            )


# --- One dataset ---------------------------------------------------------------------------------


def _prepare(item: Prepared, folder: Path, say: Say) -> None:
    started, plan = time.monotonic(), item.plan

    def step(words: str) -> None:
        say(f"{plan.slug}: {words}")
        if item.log:
            Load.objects.filter(pk=item.log.pk).update(step=words[:120])

    sources = []
    for number, path in enumerate(plan.files):
        step(_("reading %(name)s") % {"name": path.name})
        source = staging.stage(path, folder / str(number), encoding=plan.encoding, declared=tuple(plan.columns))
        sources.append(_renamed(source, plan))
    step(_("finding types"))
    item.types = _types(item, sources)
    step(_("checking rows"))
    files = [_typed(item, source, n, folder / str(n)) for n, source in enumerate(sources)]
    token = uuid.uuid4().hex[:8]
    item.number = _next_number(item.dataset)
    base = f"datasets/{plan.slug}/{item.number}-{token}"
    rejected, reject_path = rejects.write(f"{base}.rejects.csv", sources, files, item.types)
    item.paths += [reject_path] * bool(reject_path)
    good = sum(engine.total(f"{relation} WHERE {quoted(BAD)} IS NULL") for relation in files)
    step(_("merging by key and writing"))
    item.path = f"{base}.parquet"
    item.paths += [item.path, statistics.place(item.path)]
    rows, replaced = merging.merge(item, files, folder)
    step(_("counting values"))
    statistics.of(item.path, item.types)
    item.result = Result(
        plan.slug, good + rejected, good - replaced, rejected, replaced, rows, reject_path, time.monotonic() - started
    )


def _next_number(dataset: Dataset | None) -> int:
    last = dataset.snapshots.order_by("-number").values_list("number", flat=True).first() if dataset else None
    return (last or 0) + 1


def _renamed(source: Source, plan: DatasetPlan) -> Source:
    if plan.names is None:
        return source
    fields = tuple(replace(f, name=plan.names[f.name]) for f in source.fields if f.name in plan.names)
    return replace(source, fields=fields)


def _types(item: Prepared, sources: list[Source]) -> dict[str, str]:
    """Every column's type, in the dataset's order: as declared, else as it was, else as found."""
    plan, known = item.plan, item.types
    found: dict[str, list[str]] = {}
    for source in sources:
        unsaid = [f for f in source.fields if f.name not in known and not _declared(plan, f.name)]
        for name, type in zip([f.name for f in unsaid], detect(source, unsaid), strict=True):
            found.setdefault(name, [])
            found[name] += [type] if type else []
    read = {name for source in sources for name in source.names}
    _check_names(plan, read, known)
    order = dict.fromkeys([*known, *(name for source in sources for name in source.names)])
    types = {}
    for name in order:
        types[name] = _declared(plan, name) or known.get(name) or casting.widest(found[name])
        if item.current and known.get(name) and known[name] != types[name]:
            _check_retyping(item, name, types[name])
    return types


def _declared(plan: DatasetPlan, name: str) -> str | None:
    return plan.columns.get(name, ColumnPlan()).type


def detect(source: Source, fields: list[Field]) -> list[str | None]:
    """Each column's type: what its first values are, if all the others are too; else what fits all."""
    if not fields:
        return []
    first = _aggregates([casting.detection(f) for f in fields], f"{source.relation} LIMIT {SAMPLE}")
    doubt = [i for i, type in enumerate(first) if type != "string"]
    checks = [casting.fits(fields[i], first[i]) if first[i] else "false" for i in doubt]
    held = dict(zip(doubt, _aggregates(checks, source.relation), strict=True)) if doubt else {}
    wider = [i for i in doubt if not held[i]]
    found = _aggregates([casting.detection(fields[i]) for i in wider], source.relation) if wider else []
    return [dict(zip(wider, found, strict=True)).get(i, type) for i, type in enumerate(first)]


def _aggregates(expressions: list[str], relation: str) -> list[Any]:
    statement = f"SELECT count(*), {', '.join(expressions)} FROM (SELECT * FROM {relation})"
    return list(engine.connection().execute(statement).fetchone() or ())[1:]


def _check_names(plan: DatasetPlan, read: set[str], known: dict[str, str]) -> None:
    """Every column that the plan speaks of is in the files (or, for what is only described, was there before)."""
    wanted = [("key", name) for name in plan.key] + [("version", plan.version)] * bool(plan.version)
    described = [("columns", name) for name in plan.columns] + [("target", name) for name in plan.target.values()]
    for place, name in wanted + [(place, name) for place, name in described if name not in known]:
        if name not in read:
            raise LoadError(
                _("%(slug)s: %(place)s names the column “%(name)s”, which %(files)s does not have; it has: %(names)s.")
                % {
                    "slug": plan.slug,
                    "place": place,
                    "name": name,
                    "files": source_name(plan),
                    "names": ", ".join(sorted(read))[:500],
                }
            )
    if plan.version in plan.key:
        raise LoadError(
            _("%(slug)s: “%(name)s” cannot be both key and version.") % {"slug": plan.slug, "name": plan.version}
        )


def _check_retyping(item: Prepared, name: str, type: str) -> None:
    assert item.current
    column = Field(name, quoted(name), item.types[name])
    wrong = engine.total(
        f"read_parquet({engine.files(item.current.path)})"
        f" WHERE {casting.present(column)} AND {casting.typed(column, type)} IS NULL"
    )
    if wrong:
        raise LoadError(
            _("%(slug)s: the column “%(name)s” cannot become %(type)s: %(n)d rows that are there do not fit.")
            % {"slug": item.plan.slug, "name": name, "type": type, "n": wrong}
        )


def _typed(item: Prepared, source: Source, number: int, folder: Path) -> str:
    """The source's rows in their types, each with what is wrong with it; as a relation."""
    key, fields = item.plan.key, source.fields
    missing = [name for name in key if name not in source.names]
    if missing:
        raise LoadError(
            _("%(file)s: the key column “%(name)s” is missing.") % {"file": source.path.name, "name": missing[0]}
        )
    typed = [f"{casting.typed(f, item.types[f.name])} AS {quoted(f' t{i}')}" for i, f in enumerate(fields)]
    wrong = [
        f"WHEN {quoted(f' t{i}')} IS NULL AND {casting.present(f)} THEN {i}"
        for i, f in enumerate(fields)
        if item.types[f.name] != "string"
    ]
    empty = [f"WHEN {quoted(f' t{i}')} IS NULL THEN {NO_KEY + i}" for i, f in enumerate(fields) if f.name in key]
    values = " ".join(f"WHEN {i} THEN left({casting.text_of(f)}, 80)" for i, f in enumerate(fields))
    columns = ", ".join(f"{quoted(f' t{i}')} AS {quoted(f.name)}" for i, f in enumerate(fields))
    statement = (
        f"SELECT {quoted(ROW)} + {number * FILE_STRIDE} AS {quoted(ROW)}, {quoted(FAULT)}, {quoted(BAD)},"
        f" CASE {quoted(BAD)} {values} END AS {quoted(VALUE)}, {columns} FROM (SELECT *,"
        f" CASE WHEN {quoted(FAULT)} IS NOT NULL THEN -1 {' '.join(wrong + empty)} END AS {quoted(BAD)}"
        f" FROM (SELECT *, {source.fault} AS {quoted(FAULT)}, {', '.join(typed)} FROM {source.relation}))"
    )
    place = folder / "typed.parquet"
    engine.connection().execute(f"COPY ({statement}) TO {literal(place)} (FORMAT parquet, COMPRESSION snappy)")
    return f"read_parquet({literal(place)})"
