"""Settings in words: what differs between two, by the labels of their form and of its choices."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from activities.fields import BodyField
from activities.forms import Scope, SettingsForm
from activities.rows import PartField, RowsField
from orchcamp.datasets.rules.forms import RuleField, context_of, said
from orchcamp.web.templatetags.ui import thousands

LONGEST = 80  # characters of a value that are said
Settings = Mapping[str, Any]


def differences(kind: type[SettingsForm], before: Settings, after: Settings, places: tuple[Scope, Scope]) -> list[str]:
    """What differs in the settings of one node, a sentence each, as “limit 10 % → 15 %”; none where they mean the same.

    ``places`` are where the node stands in either canvas: a rule is said with the columns it knows there.
    """
    before, after = read(kind, before, places[0]), read(kind, after, places[1])
    old, new = (
        kind(initial=settings, scope=place, draft=True) for settings, place in zip((before, after), places, strict=True)
    )
    found: list[str] = []
    for name, field in new.fields.items():
        values = (_value(old, before, name), _value(new, after, name))
        if not same(*values):
            found += _changed(field, old.fields[name], values, places)
    unknown = sorted({*before, *after} - set(new.fields))
    return found + [
        _arrow(name, plain(before.get(name)), plain(after.get(name)))
        for name in unknown
        if not same(before.get(name), after.get(name))
    ]


def read(kind: type[SettingsForm], settings: Settings, place: Scope) -> Settings:
    """Settings as their form reads them, with every default; as they are written where it cannot."""
    form = kind(settings, scope=place, draft=True)
    return form.cleaned_data if form.is_valid() else settings


def same(a: Any, b: Any) -> bool:
    """Whether two values mean the same; what is empty is nothing, however it is written."""
    return a == b or (is_nothing(a) and is_nothing(b))


def is_nothing(value: Any) -> bool:
    """Whether a setting is left out, however that is written; a zero is not."""
    return value is None or value is False or (isinstance(value, str | list | tuple | Mapping) and not value)


def _value(form: SettingsForm, settings: Settings, name: str) -> Any:
    return settings[name] if name in settings else form.get_initial_for_field(form.fields[name], name)


def _changed(field: Any, old: Any, values: tuple[Any, Any], places: tuple[Scope, Scope]) -> Iterator[str]:
    """One field: its label with the old and the new value."""
    label = _label(field)
    if isinstance(field, RowsField):
        yield from _rows(field, values, places)
    elif isinstance(field, PartField) and not hasattr(field.form_class, "phrase") and all(values):
        inner = differences(field.form_class, _mapping(values[0]), _mapping(values[1]), places)
        yield from (f"{label}: {sentence}" for sentence in inner)
    elif isinstance(field, BodyField):
        yield _("%(what)s written anew") % {"what": label}
    else:
        yield _arrow(label, words(old, values[0], places[0]), words(field, values[1], places[1]))


def _rows(field: RowsField, values: tuple[Any, Any], places: tuple[Scope, Scope]) -> Iterator[str]:
    """A list of rows: which came, which went, and what differs in those that stayed."""
    old, new = (_keyed(_list(value)) for value in values)
    kind = str(field.row).lower()
    for key in [key for key in old if key not in new]:
        yield _("%(kind)s “%(name)s” removed") % {"kind": kind, "name": _title(old[key], key)}
    for key, row in new.items():
        name = _title(row, key)
        if key not in old:
            said_so = phrase(field.form_class, row, places[1])
            yield _("%(kind)s “%(name)s” added: %(what)s") % {"kind": kind, "name": name, "what": said_so}
        else:
            yield from (f"“{name}”, {one}" for one in differences(field.form_class, old[key], row, places))
    stayed = [[key for key in one if key in other] for one, other in ((old, new), (new, old))]
    if stayed[0] != stayed[1]:
        yield _("%(what)s in another order") % {"what": _label(field)}


def _keyed(rows: Sequence[Any]) -> dict[str, Mapping[str, Any]]:
    """Rows by their code where each has one of its own, else by their place."""
    found = [_mapping(row) for row in rows]
    codes = [str(row.get("code") or "") for row in found]
    own = all(codes) and len(set(codes)) == len(codes)
    return {codes[place] if own else str(place + 1): row for place, row in enumerate(found)}


def _title(row: Settings, key: str) -> str:
    return str(row.get("label") or row.get("name") or key)


def phrase(kind: type[SettingsForm], settings: Settings, place: Scope) -> str:
    """A part of the settings in a few words: as its form says it, else field by field."""
    if own := getattr(kind, "phrase", None):
        return str(own(settings))
    form = kind(initial=settings, scope=place, draft=True)
    parts = [
        f"{_label(field)} {words(field, settings[name], place)}"
        for name, field in form.fields.items()
        if not is_nothing(settings.get(name))
    ]
    return ", ".join(parts) or _("nothing")


def words(field: Any, value: Any, place: Scope) -> str:
    """One value in words."""
    if isinstance(field, RuleField):
        where = field.scope
        return said(value, where.dimension, context_of(where)) or plain(value) if value else _("every row")
    if isinstance(field, forms.BooleanField):
        return _("yes") if value else _("no")
    if is_nothing(value):
        return _("nothing")
    if isinstance(field, RowsField):
        return "; ".join(phrase(field.form_class, _mapping(row), place) for row in _list(value))
    if isinstance(field, PartField):
        return phrase(field.form_class, _mapping(value), place)
    if hasattr(field, "label_of"):
        return str(field.label_of(value))
    if isinstance(field, forms.ChoiceField):
        offered = {str(key): str(label) for key, label in _flat(field.choices)}
        chosen = value if isinstance(value, list | tuple) else [value]
        return ", ".join(offered.get(str(one), plain(one)) for one in chosen)
    return plain(value)


def _flat(choices: Any) -> Iterator[tuple[Any, Any]]:
    for key, label in choices:
        if isinstance(label, list | tuple):
            yield from _flat(label)
        else:
            yield key, label


def _label(field: Any) -> str:
    """A field's label as it stands within a sentence."""
    text = str(field.label or "")
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def _arrow(label: str, before: str, after: str) -> str:
    return f"{label} {before} → {after}"


def plain(value: Any) -> str:
    """Any value, short."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int | float):
        return str(thousands(value)) if isinstance(value, int) else str(value)
    if is_nothing(value):
        return _("nothing")
    if isinstance(value, list | tuple) and all(isinstance(one, str | int | float) for one in value):
        text = ", ".join(str(one) for one in value)
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        text = f"“{text}”" if isinstance(value, str) and " " in text else text
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _mapping(value: Any) -> Settings:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else []
