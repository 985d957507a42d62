"""Predefined filters: made, changed, marked, deleted, and read from files; each change is a new revision."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.core.validators import validate_slug
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.forms import ValidationError
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orchcamp.accounts import access, audit
from orchcamp.accounts.access import administers
from orchcamp.web.errors import Refused

from . import reading, rules, schema, usage
from .models import Dataset, FilterRevision, PredefinedFilter
from .rules import reuse
from .schema import FILTER, DataModel, FilterShape

PARAMETER_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")
PARAMETERS_AT_MOST = 50
SYNONYMS = {
    "string": "text",
    "integer": "number",
    "decimal": "number",
    "float": "number",
    "datetime": "date",
}  # a column's types are understood too


class FilterError(Refused):
    """Something about a predefined filter that cannot be done."""


class StaleFilter(FilterError):
    """Somebody else changed the filter meanwhile."""


class FilterInUse(FilterError):
    """A filter that others use and whose deletion nobody confirmed."""

    def __init__(self, uses: list[usage.Use]):
        self.uses = uses
        names = ", ".join(f"“{use}”" for use in uses[:5]) + (", …" if len(uses) > 5 else "")
        super().__init__(_("The filter is used by %(names)s; what uses it could not run any more.") % {"names": names})


# --- Reading -----------------------------------------------------------------------------------------------------


def visible_to(user: Any) -> QuerySet[PredefinedFilter]:
    """The filters that a person may use: their own, those that are shared, and for administrators all."""
    found = PredefinedFilter.objects.for_user(user).select_related("dataset", "owner")  # type: ignore[attr-defined]
    return found if administers(user) else found.filter(Q(shared=True) | Q(owner=user))


def may_change(user: Any, filter: PredefinedFilter) -> bool:
    """Whether the filter is the person's own, or they administer."""
    return filter.owner == user or administers(user)


def hidden_from(user: Any, rule: Any) -> str:
    """The label of a filter that a rule itself names and the person may not look into; "" when there is none."""
    named = usage.names(DataModel({}), rule)  # not those that others reach through what is shared
    slugs = [name.removeprefix(FILTER) for name in named if name.startswith(FILTER)]
    private = PredefinedFilter.objects.filter(slug__in=slugs) if slugs else PredefinedFilter.objects.none()
    return next((found.label for found in private.exclude(pk__in=visible_to(user).values("pk"))), "")


def seen(user: Any, uses: Iterable[usage.Use]) -> list[tuple[usage.Use, bool]]:
    """Each use, and whether the person may see what it is."""
    own = set(visible_to(user).values_list("pk", flat=True))
    return [
        (use, use.obj.pk in own if isinstance(use.obj, PredefinedFilter) else access.may(user, "view", use.obj))
        for use in uses
    ]


def used_by(slug: str) -> list[usage.Use]:
    """Everything that would change with the filter."""
    return usage.uses(FILTER + slug)


def filters_that_use(name: str) -> Iterator[usage.Use]:
    """The predefined filters whose rule names an audience or another filter."""
    model = schema.load()
    slugs = [slug for slug, shape in model.filters.items() if name in usage.names(model, shape.rule)]
    for filter in PredefinedFilter.objects.filter(slug__in=slugs).exclude(slug=name.removeprefix(FILTER)):
        address = reverse("datasets:filter", kwargs={"slug": filter.slug})
        yield usage.Use(gettext_lazy("Predefined filter"), filter, address)


def revision(filter: PredefinedFilter) -> FilterRevision:
    """The filter's present state."""
    return FilterRevision.objects.get(filter=filter, number=filter.revision)


# --- Checking ----------------------------------------------------------------------------------------------------


def definitions(given: object, model: DataModel) -> dict[str, dict[str, Any]]:
    """Parameters as they are kept: name → type, default, label. Raises RuleError with the place."""
    if not isinstance(given, dict):
        raise rules.RuleError("parameters", _("expects an object: name → {“type”: “number”, “default”: 30}."))
    if len(given) > PARAMETERS_AT_MOST:
        raise rules.RuleError("parameters", _("a filter has at most %(n)s parameters.") % {"n": PARAMETERS_AT_MOST})
    ctx = _context(model)
    return {name: _definition(name, facts, ctx, f"parameters.{name}") for name, facts in given.items()}


def _definition(name: object, facts: object, ctx: rules.RuleContext, place: str) -> dict[str, Any]:
    if not isinstance(name, str) or not PARAMETER_NAME.fullmatch(name):
        why = _("the name of a parameter is letters, digits and “_”, and begins with no digit.")
        raise rules.RuleError("parameters", f"“{str(name)[:40]}”: {why}")
    if not isinstance(facts, dict):
        raise rules.RuleError(place, _("expects an object such as {“type”: “number”, “default”: 30}."))
    reuse.literals.keys(facts, {"type", "default", "label"}, place)
    type = facts.get("type")
    type = SYNONYMS.get(type, type) if isinstance(type, str) else type
    if not isinstance(type, str) or type not in reuse.PARAMETERS:
        raise rules.RuleError(f"{place}.type", _("expects one of: %(types)s.") % {"types": ", ".join(reuse.PARAMETERS)})
    label = facts.get("label", "")
    if not isinstance(label, str) or len(label) > 120:
        raise rules.RuleError(f"{place}.label", _("expects a text of at most 120 characters."))
    kept: dict[str, Any] = {"type": type}
    if facts.get("default") is not None:
        reuse.parameter(facts["default"], type, ctx, f"{place}.default")
        kept["default"] = facts["default"]
    return kept | ({"label": label} if label else {})


def check(shape: FilterShape, model: DataModel) -> None:
    """Raise RuleError unless the filter can be used, and the filters that use it still can."""
    changed = replace(model, filters={**model.filters, shape.slug: shape})
    try:
        rules.check(shape.rule, shape.dataset, own_context(shape, changed))
    except rules.RuleError as error:
        raise rules.RuleError(f"rule.{error.place}" if error.place else "rule", error.sentence) from None
    for other in model.filters.values():
        if other.slug != shape.slug and FILTER + shape.slug in usage.names(model, other.rule):
            _check_dependent(other, shape, changed)


def _check_dependent(other: FilterShape, shape: FilterShape, model: DataModel) -> None:
    try:
        rules.check(other.rule, other.dataset, own_context(other, model))
    except rules.RuleError as error:
        raise rules.RuleError(
            "rule",
            _("the filter “%(other)s” uses “%(slug)s” and could not be used any more (%(why)s); change it first.")
            % {"other": other.slug, "slug": shape.slug, "why": error},
        ) from None


def sentence(shape: FilterShape, model: DataModel) -> str:
    """The filter's rule in words, its parameters by their names."""
    return rules.sentence(shape.rule, shape.dataset, own_context(shape, model))


def own_context(shape: FilterShape, model: DataModel) -> rules.RuleContext:
    """What a filter's rule is read against on its own: each parameter is its default, said by its name."""
    ctx = _context(model)
    return replace(ctx, parameters=reuse.stand_ins(shape.parameters, ctx), within=(shape.slug,))


def _context(model: DataModel) -> rules.RuleContext:
    return rules.RuleContext(model, timezone.now(), settings.TIME_ZONE)


# --- Changing ----------------------------------------------------------------------------------------------------


def create(
    *,
    slug: str = "",
    label: str,
    dataset: str,
    rule: Mapping[str, Any],
    parameters: Mapping[str, Any] | None = None,
    description: str = "",
    shared: bool = False,
    by: Any = None,
) -> PredefinedFilter:
    """A new filter, private unless it is shared. Raises Refused."""
    model = schema.load()
    model.dataset(dataset)
    slug = slug or free_slug(label)
    _check_names(slug, label)
    kept = definitions(dict(parameters or {}), model)
    reading.demand_usable(by, {}, rule)
    check(FilterShape(slug, label, dataset, dict(rule), kept), model)
    try:
        with transaction.atomic():
            found = PredefinedFilter.objects.create(
                slug=slug,
                label=label,
                description=description,
                dataset=Dataset.objects.get(slug=dataset),
                shared=shared,
                owner=by,
            )
            FilterRevision.objects.create(filter=found, number=1, rule=dict(rule), parameters=kept, by=by)
            audit.record(by, "created filter", found, dataset=dataset)
    except IntegrityError:
        raise FilterError(_("There is a filter “%(slug)s” already; choose another name.") % {"slug": slug}) from None
    return found


def change(
    filter: PredefinedFilter,
    *,
    rule: Mapping[str, Any],
    parameters: Mapping[str, Any],
    label: str | None = None,
    description: str | None = None,
    shared: bool | None = None,
    by: Any = None,
) -> PredefinedFilter:
    """A new revision if the rule or its parameters differ. Raises StaleFilter if ``filter`` is not the newest."""
    model = schema.load()
    kept = definitions(dict(parameters), model)
    before = revision(filter)
    reading.demand_usable(by, before.rule, rule)
    facts: dict[str, Any] = {"label": label, "description": description, "shared": shared}
    facts = {name: value for name, value in facts.items() if value is not None and value != getattr(filter, name)}
    _check_names(filter.slug, facts.get("label", filter.label))
    check(FilterShape(filter.slug, facts.get("label", filter.label), filter.dataset.slug, dict(rule), kept), model)
    differs = (before.rule, before.parameters) != (dict(rule), kept)
    if not differs and not facts:
        return filter
    number = filter.revision + 1 if differs else filter.revision
    with transaction.atomic():
        newest = PredefinedFilter.objects.filter(pk=filter.pk, revision=filter.revision)
        if not newest.update(**facts, revision=number, updated_at=timezone.now()):
            raise StaleFilter(_("Somebody else changed the filter meanwhile; reload the page to see it as it is now."))
        if differs:
            FilterRevision.objects.create(filter=filter, number=number, rule=dict(rule), parameters=kept, by=by)
        was = {"rule": before.rule, "parameters": before.parameters} | {name: getattr(filter, name) for name in facts}
        changes = audit.differences(was, {"rule": dict(rule), "parameters": kept} | facts)
        audit.record(by, "changed filter", filter, revision=number, **facts, changes=changes)
    filter.refresh_from_db()
    return filter


def delete(filter: PredefinedFilter, *, by: Any, confirmed: bool = False) -> None:
    """Remove it with its history. Raises FilterInUse while others use it and nobody confirmed that they will fail."""
    uses = used_by(filter.slug)
    if uses and not confirmed:
        raise FilterInUse(uses)
    with transaction.atomic():
        audit.record(by, "deleted filter", filter, slug=filter.slug, used_by=[str(use) for use in uses])
        filter.delete()


def favourite(filter: PredefinedFilter, *, by: Any, on: bool) -> None:
    """Show the filter first to this person, or no longer."""
    (filter.favourite_of.add if on else filter.favourite_of.remove)(by)


def free_slug(label: str) -> str:
    """A slug for a label that no filter has yet."""
    base = slugify(label)[:70] or "filter"
    taken = set(PredefinedFilter.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    return next(slug for n in range(1, len(taken) + 2) if (slug := base if n == 1 else f"{base}-{n}") not in taken)


def _check_names(slug: str, label: str) -> None:
    try:
        validate_slug(slug)
    except ValidationError:
        raise rules.RuleError("slug", _("expects letters, digits, “-” and “_” only.")) from None
    if len(slug) > 80:
        raise rules.RuleError("slug", _("is longer than 80 characters."))
    if not label.strip() or len(label) > 120:
        raise rules.RuleError("label", _("expects a text of 1 to 120 characters."))
