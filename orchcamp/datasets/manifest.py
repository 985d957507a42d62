"""What is to be loaded, as values: read from a YAML manifest, or made by the upload screen."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from django.utils.translation import gettext as _

from orchcamp.web.documents import each_once
from orchcamp.web.errors import Refused

from .schema import TYPES

SLUG = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,59}")
RESERVED = {
    "loads",
    "upload",
    "explore",
    "rules",
    "audiences",
    "filters",
    "expressions",
}  # addresses of the data screens
CARDINALITIES = ("many_to_one", "one_to_one")
ENTRY = ("label", "description", "file", "key", "version", "columns", "target", "encoding")
COLUMN = ("type", "label", "values", "personal")
LINK = ("from", "to", "name", "reverse", "cardinality")


class ManifestError(Refused):
    """A manifest that cannot be followed; names the file and the place in it."""


@dataclass(frozen=True)
class ColumnPlan:
    """What is said about a column; None: detection or what is there already decides."""

    type: str | None = None
    label: str | None = None
    personal: bool | None = None
    values: tuple[Any, ...] | None = None


@dataclass(frozen=True)
class DatasetPlan:
    slug: str
    files: tuple[Path, ...]
    key: tuple[str, ...]
    label: str = ""
    description: str | None = None
    version: str = ""
    columns: Mapping[str, ColumnPlan] = field(default_factory=dict)
    target: Mapping[str, str] = field(default_factory=dict)
    encoding: str = ""
    names: Mapping[str, str] | None = None  # column of the file -> column of the dataset; others are left out


@dataclass(frozen=True)
class LinkPlan:
    source: str
    source_columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]
    name: str
    reverse: str
    cardinality: str = "many_to_one"


@dataclass(frozen=True)
class Plan:
    datasets: tuple[DatasetPlan, ...]
    links: tuple[LinkPlan, ...] = ()


class _Loader(yaml.SafeLoader):
    """Refuses a key that is written twice: YAML would silently take the last."""


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, each_once)


def read(path: Path) -> Plan:
    """Read a manifest. Raises ManifestError with a sentence that names the file and the place."""
    return _Reader(path).plan(_parse(path))


def _parse(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ManifestError(_("There is no file %(path)s.") % {"path": path}) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError(
            _("%(path)s cannot be read as UTF-8 text: %(why)s.") % {"path": path, "why": error}
        ) from None
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 (a safe loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = (
            _(", line %(line)d, column %(column)d") % {"line": mark.line + 1, "column": mark.column + 1} if mark else ""
        )
        why = getattr(error, "problem", None) or error.__class__.__name__
        raise ManifestError(
            _("%(path)s%(place)s is not valid YAML: %(why)s.") % {"path": path, "place": place, "why": why}
        ) from None


class _Reader:
    """Walks the parsed manifest and refuses at the first thing it does not understand."""

    def __init__(self, path: Path):
        self.path = path

    def refuse(self, place: str, sentence: str) -> ManifestError:
        return ManifestError(f"{self.path}: {place}: {sentence}" if place else f"{self.path}: {sentence}")

    def plan(self, tree: Any) -> Plan:
        top = self.mapping(tree, "", ("datasets", "links"))
        entries = top.get("datasets") or {}
        if not isinstance(entries, dict):
            raise self.refuse("datasets", _("must be a mapping of names to datasets."))
        links = top.get("links") or []
        if not isinstance(links, list):
            raise self.refuse("links", _("must be a list, each entry with from and to."))
        if not entries and not links:
            raise self.refuse("", _("holds no datasets; write them under “datasets:”."))
        return Plan(
            tuple(self.dataset(slug, entry) for slug, entry in entries.items()),
            tuple(self.link(number, entry) for number, entry in enumerate(links)),
        )

    def mapping(self, value: Any, place: str, known: tuple[str, ...]) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.refuse(place, _("must be a mapping with some of: %(names)s.") % {"names": ", ".join(known)})
        for name in value:
            if name not in known:
                near = difflib.get_close_matches(str(name), known, 1)
                hint = _(" did you mean “%(near)s”?") % {"near": near[0]} if near else ""
                raise self.refuse(
                    place,
                    _("“%(name)s” is not known here;%(hint)s known are: %(names)s.")
                    % {"name": name, "hint": hint, "names": ", ".join(known)},
                )
        return value

    def text(self, value: Any, place: str, *, longest: int = 120) -> str:
        if not isinstance(value, str) or not value.strip():
            raise self.refuse(place, _("must be a text (in quotes, if YAML reads it as something else)."))
        if len(value) > longest:
            raise self.refuse(place, _("is longer than %(longest)d characters.") % {"longest": longest})
        return value.strip()

    def texts(self, value: Any, place: str) -> tuple[str, ...]:
        values = value if isinstance(value, list) else [value]
        if not values:
            raise self.refuse(place, _("must name at least one column."))
        names = tuple(self.text(item, place) for item in values)
        if len(set(names)) < len(names):
            raise self.refuse(place, _("names a column twice."))
        return names

    def dataset(self, slug: Any, value: Any) -> DatasetPlan:
        place = f"datasets.{slug}"
        if not isinstance(slug, str) or not SLUG.fullmatch(slug) or slug in RESERVED:
            raise self.refuse(
                place, _("a dataset's name is letters, digits, _ and -, begins with a letter and is not a kept word.")
            )
        entry = self.mapping(value, place, ENTRY)
        for name in ("file", "key"):
            if name not in entry:
                raise self.refuse(place, _("“%(name)s” is missing.") % {"name": name})
        return DatasetPlan(
            slug=slug,
            files=self.files(entry["file"], f"{place}.file"),
            key=self.texts(entry["key"], f"{place}.key"),
            label=self.text(entry["label"], f"{place}.label") if "label" in entry else "",
            description=self.text(entry["description"], f"{place}.description", longest=10_000)
            if "description" in entry
            else None,
            version=self.text(entry["version"], f"{place}.version") if entry.get("version") is not None else "",
            columns=self.columns(entry.get("columns"), f"{place}.columns"),
            target=self.target(entry, f"{place}.target"),
            encoding=self.text(entry["encoding"], f"{place}.encoding") if "encoding" in entry else "",
        )

    def files(self, value: Any, place: str) -> tuple[Path, ...]:
        pattern = self.text(value, place, longest=4_000)
        exact = self.path.parent / pattern
        if exact.is_file():
            return (exact,)
        if exact.is_dir():
            raise self.refuse(place, _("%(path)s is a folder; name its files, as in “folder/*.csv”.") % {"path": exact})
        anchor = Path(exact.anchor) if Path(pattern).is_absolute() else self.path.parent
        relative = str(Path(pattern).relative_to(anchor)) if Path(pattern).is_absolute() else pattern
        try:
            found = tuple(sorted(path for path in anchor.glob(relative) if path.is_file()))
        except (ValueError, NotImplementedError):
            found = ()
        if not found:
            raise self.refuse(place, _("there is no file %(path)s.") % {"path": exact})
        return found

    def columns(self, value: Any, place: str) -> dict[str, ColumnPlan]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self.refuse(place, _("must be a mapping of column names."))
        return {
            self.text(name, f"{place}.{name}"): self.column(entry, f"{place}.{name}") for name, entry in value.items()
        }

    def column(self, value: Any, place: str) -> ColumnPlan:
        entry = self.mapping({} if value is None else value, place, COLUMN)
        kind = entry.get("type")
        if kind is not None and kind not in TYPES:
            raise self.refuse(
                place, _("“%(type)s” is no type; types are: %(names)s.") % {"type": kind, "names": ", ".join(TYPES)}
            )
        personal, values = entry.get("personal"), entry.get("values")
        if personal is not None and not isinstance(personal, bool):
            raise self.refuse(f"{place}.personal", _("must be true or false."))
        if values is not None and not isinstance(values, list):
            raise self.refuse(f"{place}.values", _("must be a list."))
        label = self.text(entry["label"], f"{place}.label") if "label" in entry else None
        return ColumnPlan(kind, label, personal, None if values is None else tuple(str(item) for item in values))

    def target(self, entry: dict[str, Any], place: str) -> dict[str, str]:
        if entry.get("target") is None:
            return {}
        value = entry["target"]
        if not isinstance(value, dict) or not value:
            raise self.refuse(place, _("must map channels to address columns, as in “email: email”."))
        return {
            self.text(channel, place, longest=30): self.text(column, f"{place}.{channel}")
            for channel, column in value.items()
        }

    def link(self, number: int, value: Any) -> LinkPlan:
        place = f"links[{number}]"
        entry = self.mapping(value, place, LINK)
        for name in ("from", "to"):
            if name not in entry:
                raise self.refuse(place, _("“%(name)s” is missing.") % {"name": name})
        source, source_columns = self.end(entry["from"], f"{place}.from")
        target, target_columns = self.end(entry["to"], f"{place}.to")
        if len(source_columns) != len(target_columns):
            raise self.refuse(place, _("“from” and “to” must list as many columns."))
        cardinality = entry.get("cardinality", CARDINALITIES[0])
        if cardinality not in CARDINALITIES:
            raise self.refuse(f"{place}.cardinality", _("must be %(names)s.") % {"names": " / ".join(CARDINALITIES)})
        names = [self.name(entry.get("name", target), place), self.name(entry.get("reverse", source), place)]
        return LinkPlan(source, source_columns, target, target_columns, names[0], names[1], cardinality)

    def name(self, value: Any, place: str) -> str:
        name = self.text(value, place, longest=60)
        if not SLUG.fullmatch(name):
            raise self.refuse(
                place, _("“%(name)s” is no name for a link: letters, digits, _ and - only.") % {"name": name}
            )
        return name

    def end(self, value: Any, place: str) -> tuple[str, tuple[str, ...]]:
        full = self.texts(value, place)
        parts = [name.partition(".") for name in full]
        if not all(dataset and column for dataset, _dot, column in parts):
            raise self.refuse(place, _("must be written dataset.column."))
        if len({dataset for dataset, _dot, _column in parts}) > 1:
            raise self.refuse(place, _("all columns of one side must be of one dataset."))
        return parts[0][0], tuple(column for _dataset, _dot, column in parts)
