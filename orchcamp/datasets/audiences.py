"""Saved audiences: made, changed, saved as immutable versions, deleted."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import ibis
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ibis.expr.types import Table

from orchcamp.accounts import audit
from orchcamp.accounts.models import User
from orchcamp.accounts.sharing import give_owner
from orchcamp.web.errors import Refused

from . import engine, reading, rules, schema, usage
from .models import Audience, AudienceVersion, Dataset
from .schema import AUDIENCE, TYPES, AudienceShape, DatasetShape, type_of

Mode = AudienceVersion.Mode
ATTEMPTS = 5  # to put a change on top of what others saved meanwhile


class AudienceError(Refused):
    """Something about a saved audience that cannot be done."""


@dataclass(frozen=True)
class Rows:
    """What is to be saved: lazy rows of keys and columns, each key once."""

    table: Table
    personal: tuple[str, ...] = ()  # of the columns beside the key
    facts: Mapping[str, Any] = field(default_factory=dict)  # of an upload


# --- Making and changing -------------------------------------------------------------------------


@transaction.atomic
def create(
    label: str,
    dataset: Dataset,
    *,
    by: Any = None,
    slug: str = "",
    description: str = "",
    origin: str = Audience.Origin.RULE,
    rule: Mapping[str, Any] | None = None,
    maker: str = "",
) -> Audience:
    """An audience without rows yet. Raises AudienceError when its name is taken or its rule cannot be used."""
    label = label.strip()
    slug = slug or slugify(label).replace("-", "_")[:80]
    _demand_names(slug, label)
    if Audience.objects.filter(slug=slug).exists():
        raise AudienceError(
            _("There is an audience with the name “%(slug)s” in rules; choose another.") % {"slug": slug}
        )
    if rule:
        reading.demand_usable(by, {}, rule)
        rules.check(rule, dataset.slug, rule_context())
    try:
        with transaction.atomic():
            audience = Audience.objects.create(
                slug=slug,
                label=label,
                description=description,
                dataset=dataset,
                origin=origin,
                rule=dict(rule or {}),
                maker=maker,
                owner=by,
            )
            give_owner(audience, by)
    except IntegrityError:
        raise AudienceError(
            _("Somebody made an audience with the name “%(slug)s” just now.") % {"slug": slug}
        ) from None
    audit.record(by, "created audience", audience, origin=origin)
    return audience


def rule_context() -> rules.RuleContext:
    """What an audience's rule is read against: the data as they are now, in the project's zone."""
    return rules.RuleContext(schema.load(), timezone.now(), settings.TIME_ZONE)


def _demand_names(slug: str, label: str, *, own: int | None = None) -> None:
    if not label or len(label) > 120:
        raise AudienceError(_("Give the audience a label of at most 120 characters."))
    try:
        validate_slug(slug)
    except ValidationError:
        raise AudienceError(
            _("“%(slug)s” cannot be an audience's name in rules: letters, digits, “-” and “_” only.") % {"slug": slug}
        ) from None
    if len(slug) > 80:
        raise AudienceError(_("An audience's name in rules has at most 80 characters."))
    if Audience.objects.filter(label__iexact=label).exclude(pk=own).exists():
        raise AudienceError(
            _("There is an audience called “%(label)s” already; choose another label.") % {"label": label}
        )


@transaction.atomic
def change(
    audience: Audience,
    *,
    by: Any,
    label: str,
    description: str = "",
    rule: Mapping[str, Any] | None = None,
    refresh_every: timedelta | None = None,
    first_refresh: datetime | None = None,
) -> None:
    """Another label, rule or schedule; who is in it changes with the next refresh. Raises Refused."""
    _demand_names(audience.slug, label.strip(), own=audience.pk)
    before = _told(audience)
    by_rule = audience.origin == Audience.Origin.RULE
    if by_rule:
        if rule:
            reading.demand_usable(by, audience.rule, rule)
            rules.check(rule, audience.dataset.slug, rule_context())
        same = refresh_every == audience.refresh_every and first_refresh is None
        audience.rule = dict(rule or {})
        if not same or refresh_every is None:
            audience.next_refresh_at = (first_refresh or timezone.now() + refresh_every) if refresh_every else None
        audience.refresh_every = refresh_every
        audience.refresh_error = ""
    audience.label, audience.description = label.strip(), description
    names = ["label", "description", "rule", "refresh_every", "next_refresh_at", "refresh_error", "updated_at"]
    audience.save(update_fields=names)
    changes = audit.differences(before, _told(audience))
    audit.record(by, "changed audience", audience, refresh_every=str(refresh_every or ""), changes=changes)


def _told(audience: Audience) -> dict[str, Any]:
    """What the audit trail tells of a change."""
    every, at = audience.refresh_every, audience.next_refresh_at
    return {
        "label": audience.label,
        "description": audience.description,
        "rule": dict(audience.rule),
        "refresh_every": str(every or ""),
        "next_refresh_at": at.isoformat() if at else "",
    }


def delete(audience: Audience, *, by: Any) -> None:
    """The audience and its history, for good."""
    slug = audience.slug
    versions = AudienceVersion.objects.filter(audience=audience).values_list("path", "facts")
    paths = [place for path, facts in versions for place in (path, facts.get("unmatched_path")) if place]
    with transaction.atomic():
        audit.record(by, "deleted audience", audience, versions=len(versions))
        Audience.objects.filter(pk=audience.pk).update(current=None)
        audience.delete()
    for path in paths:
        engine.drop(path)
    folder = engine.root() / "audiences" / slug
    if folder.is_dir() and not any(folder.glob("*.parquet")):
        engine.drop(f"audiences/{slug}")


def audiences_that_use(name: str) -> Iterator[usage.Use]:
    """The audiences whose rule names another audience or a predefined filter."""
    model = schema.load()
    for audience in Audience.objects.filter(origin=Audience.Origin.RULE):
        if name != AUDIENCE + audience.slug and name in usage.names(model, audience.rule):
            address = reverse("datasets:audience", kwargs={"slug": audience.slug})
            yield usage.Use(gettext_lazy("Audience"), audience, address)


# --- Saving --------------------------------------------------------------------------------------


def save(
    audience: Audience,
    rows: Rows,
    *,
    mode: str = Mode.OVERWRITE,
    run_key: str = "",
    source: str = "",
    by: Any = None,
) -> AudienceVersion:
    """A new version with these rows; what was done under a run key is not done again.

    ``append`` keeps, for a key that is there already, the columns of the new row; ``remove`` takes keys out. Nothing
    of it is seen before all is written. Raises AudienceError when others were faster again and again.
    """
    for _attempt in range(ATTEMPTS):
        known = AudienceVersion.objects.filter(audience=audience)
        if run_key and (done := known.filter(run_key=run_key).first()):
            return done
        audience.refresh_from_db()
        base = audience.current
        version = _written(audience, rows, mode, known, run_key)
        version.source, version.by = source[:200], by
        if _moved(audience, base, version):
            return version
        if not AudienceVersion.objects.filter(path=version.path).exists():
            engine.drop(version.path)
    raise AudienceError(
        _("“%(label)s” was saved by others again and again meanwhile; nothing was changed, try again.")
        % {"label": audience.label}
    )


def _written(audience: Audience, rows: Rows, mode: str, known: QuerySet, run_key: str) -> AudienceVersion:
    """The rows of the next version under their path; nobody sees it yet."""
    number = (known.values_list("number", flat=True).first() or 0) + 1
    content, columns, personal = _merged(audience, rows, mode)
    path = f"audiences/{audience.slug}/{number}-{_token(run_key)}.parquet"
    return AudienceVersion(
        audience=audience,
        number=number,
        path=path,
        rows=engine.write(content, path),
        columns=columns,
        personal=personal,
        facts=dict(rows.facts),
        mode=mode if audience.current else Mode.CREATE,
        run_key=run_key,
    )


def _moved(audience: Audience, base: AudienceVersion | None, version: AudienceVersion) -> bool:
    """Make the version the current one, unless somebody else moved on from the one it stands on."""
    try:
        with transaction.atomic():
            version.save()
            own = Audience.objects.filter(pk=audience.pk, current=base)
            if not own.update(current=version, updated_at=timezone.now()):
                raise _Faster
            facts = {"number": version.number, "rows": version.rows, "mode": version.mode, "source": version.source}
            audit.record(version.by, "saved audience", audience, **facts)
    except (IntegrityError, _Faster):
        return False
    audience.current = version
    return True


class _Faster(Exception):
    """Somebody else saved the same audience meanwhile."""


def _token(run_key: str) -> str:
    """Part of a file's name: a retry finds its own file, nobody else's is ever found."""
    return hashlib.sha256(run_key.encode()).hexdigest()[:12] if run_key else uuid.uuid4().hex[:12]


def _merged(audience: Audience, rows: Rows, mode: str) -> tuple[Table, dict[str, str], list[str]]:
    """The rows of the new version, its columns beside the key, and which of them are personal."""
    shape = schema.load().dataset(audience.dataset.slug)
    added = shaped(rows.table, shape)
    columns = {name: type_of(added.schema()[name]) for name in added.columns if name not in shape.key}
    personal = [name for name in columns if name in rows.personal]
    current = audience.current
    if current is None:
        return (added.limit(0) if mode == Mode.REMOVE else added), columns, personal
    if mode not in {Mode.APPEND, Mode.REMOVE}:
        return added, columns, personal
    before = _stored(current, shape)
    stay = before.anti_join(added.select(*shape.key), list(shape.key))
    if mode == Mode.REMOVE:
        return stay, dict(current.columns), list(current.personal)
    columns = {**current.columns, **columns}
    personal = [name for name in columns if name in {*personal, *current.personal}]
    return _filled(stay, shape, columns).union(_filled(added, shape, columns)), columns, personal


def shaped(table: Table, shape: DatasetShape) -> Table:
    """The rows in the types that the lake keeps: the key as in the dataset, then what is beside it."""
    missing = [name for name in shape.key if name not in table.columns]
    if missing:
        raise AudienceError(
            _("These rows have no column “%(name)s”, the key of %(dataset)s.")
            % {"name": missing[0], "dataset": shape.label}
        )
    extras = [name for name in table.columns if name not in shape.key]
    key = {name: table[name].cast(TYPES[shape.columns[name].type]) for name in shape.key}
    return table.select(**key, **{name: table[name].cast(TYPES[type_of(table.schema()[name])]) for name in extras})


def _stored(version: AudienceVersion, shape: DatasetShape) -> Table:
    types = {name: TYPES[shape.columns[name].type] for name in shape.key}
    types |= {name: TYPES[type] for name, type in version.columns.items()}
    return ibis.table(ibis.schema(types), name=version.path)


def _filled(table: Table, shape: DatasetShape, columns: Mapping[str, str]) -> Table:
    """The rows with exactly these columns, empty where a row has none."""
    have = {
        name: table[name].cast(TYPES[type]) if name in table.columns else ibis.null(TYPES[type])
        for name, type in columns.items()
    }
    return table.select(*shape.key, **have)


# --- Saved by a campaign ---------------------------------------------------------------------------


def refusal(
    known: AudienceShape | None, others: Iterable[AudienceShape], *, label: str, dimension: str, maker: str, mode: str
) -> str:
    """Why a campaign's node cannot save there; nothing when it can. Asks nobody: the shapes say it all."""
    if known is None:
        if mode == Mode.REMOVE:
            return _("There is no such audience to remove rows from; choose another.")
        named = next((other for other in others if other.label.lower() == label.lower()), None)
        if named is None:
            return ""
        place = {"label": named.label, "slug": named.slug}
        return _("There is an audience called “%(label)s” already (%(slug)s); choose another label.") % place
    if known.dataset != dimension:
        return _(
            "“%(label)s” holds rows of %(its)s, and %(dimension)s arrive here; an audience keeps its dimension."
        ) % {
            "label": known.label,
            "its": known.dataset,
            "dimension": dimension,
        }
    if known.origin == Audience.Origin.RULE:
        return _("The rule of “%(label)s” says who is in it; choose another audience.") % {"label": known.label}
    if mode == Mode.CREATE and known.maker != maker:
        return _("There is an audience “%(label)s” already, which %(who)s made; choose another, or overwrite it.") % {
            "label": known.label,
            "who": _("“%(maker)s”") % {"maker": known.maker.partition("/")[0]} if known.maker else _("a person"),
        }
    return ""


def save_from_campaign(
    slug: str,
    rows: Rows,
    *,
    label: str,
    dimension: str,
    maker: str,
    mode: str,
    run_key: str,
    source: str,
    by: int | None,
) -> AudienceVersion:
    """What a node on a canvas saves; makes the audience where there is none. Raises Refused."""
    _demand_place(slug, label=label, dimension=dimension, maker=maker, mode=mode)
    person = User.objects.filter(pk=by).first() if by else None
    audience = Audience.objects.filter(slug=slug).first()
    if audience is None:
        dataset = Dataset.objects.get(slug=dimension)
        origin = Audience.Origin.CAMPAIGN
        audience = create(label, dataset, by=person, slug=slug, origin=origin, maker=maker)
    return save(audience, rows, mode=mode, run_key=run_key, source=source, by=person)


def would_hold(slug: str, rows: Rows, *, label: str, dimension: str, maker: str, mode: str) -> tuple[str, int]:
    """What ``save_from_campaign`` would leave behind: the audience's label and its rows. Raises Refused as it would."""
    _demand_place(slug, label=label, dimension=dimension, maker=maker, mode=mode)
    audience = Audience.objects.filter(slug=slug).select_related("dataset", "current").first()
    if audience is None:
        return label, engine.count(rows.table)
    return audience.label, engine.count(_merged(audience, rows, mode)[0])


def _demand_place(slug: str, **facts: str) -> None:
    known = schema.load().audiences
    if why := refusal(known.get(slug), known.values(), **facts):
        raise AudienceError(why)
