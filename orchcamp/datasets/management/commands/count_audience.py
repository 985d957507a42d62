"""Counts the rows of a dataset that satisfy rules kept in files."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.core.management.base import CommandError
from django.utils import timezone
from django.utils.translation import gettext as _
from ibis.expr.types import Table

from orchcamp.datasets import engine, rules, schema
from orchcamp.web.commands import SentenceCommand
from orchcamp.web.documents import TextualDates
from orchcamp.web.errors import Refused

SIZE_AT_MOST = 64_000_000
WRAPPING = {"rule", "name", "label", "description", "dataset", "dimension"}


class RuleFileError(Refused):
    """A file in which there is no rule."""


def _text(file: str) -> str:
    try:
        if Path(file).stat().st_size > SIZE_AT_MOST:
            raise RuleFileError(_("The file is larger than %(n)s MB.") % {"n": SIZE_AT_MOST // 1_000_000})
        return Path(file).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise RuleFileError(_("The file cannot be read: %(why)s.") % {"why": error.strerror or error}) from None
    except UnicodeDecodeError:
        raise RuleFileError(_("The file is not text in UTF-8.")) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _value in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise RuleFileError(_("The key “%(name)s” stands twice in one object.") % {"name": double})
    return found


def read(file: str, dataset: str) -> Any:
    """The rule of a file: JSON or YAML, bare or as ``rule`` of an object. Raises RuleFileError."""
    text = _text(file)
    try:
        if file.endswith((".yaml", ".yml")):
            tree = yaml.load(text, TextualDates)  # noqa: S506 - a SafeLoader
        else:
            tree = json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise RuleFileError(
            _("Not JSON: %(why)s in line %(line)s, column %(column)s.")
            % {"why": error.msg, "line": error.lineno, "column": error.colno}
        ) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = (
            _(" in line %(line)s, column %(column)s") % {"line": mark.line + 1, "column": mark.column + 1}
            if mark
            else ""
        )
        raise RuleFileError(
            _("Not YAML: %(why)s%(where)s.")
            % {"why": getattr(error, "problem", None) or _("unreadable"), "where": where}
        ) from None
    except (RecursionError, ValueError):
        raise RuleFileError(_("The rule is nested too deeply, or holds a number that cannot be read.")) from None
    if not isinstance(tree, dict) or "rule" not in tree:
        return tree
    if unknown := set(tree) - WRAPPING:
        raise RuleFileError(_("Unknown key “%(key)s” beside “rule”.") % {"key": min(map(str, unknown))})
    for key in ("dataset", "dimension"):
        if tree.get(key, dataset) != dataset:
            raise RuleFileError(
                _("The rule is about “%(own)s”, not “%(asked)s”.") % {"own": tree[key], "asked": dataset}
            )
    return tree["rule"]


class Command(SentenceCommand):
    help = "Count the rows of a dataset that satisfy each rule, exactly."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", metavar="DATASET", help="slug of the dataset")
        parser.add_argument("rules", metavar="RULE_FILE", nargs="+", help="JSON or YAML file with one rule")
        parser.add_argument("--sql", action="store_true", help="also give the statement that was run")

    def handle(self, *, dataset: str, rules: list[str], sql: bool, **options: Any) -> None:
        model = schema.load()
        try:
            model.dataset(dataset)
        except Refused as error:
            if self.as_json:
                self.answer([{"rule": file, "error": str(error)} for file in rules], "")
            raise
        entries = [self._entry(file, dataset, model, timezone.now(), sql) for file in rules]
        self.answer(entries, "\n".join(map(_line, entries)))
        failed = sum("error" in entry for entry in entries)
        if failed:
            raise CommandError(
                _("%(failed)s of %(all)s rules could not be counted.") % {"failed": failed, "all": len(entries)},
                returncode=1,
            )

    def _entry(self, file: str, dataset: str, model: schema.DataModel, now: datetime, sql: bool) -> dict[str, Any]:
        try:
            began = time.perf_counter()
            kept = self._kept(file, dataset, model, now)
            found: dict[str, Any] = {"rule": file, "dataset": dataset, "count": engine.count(kept)}
            found["seconds"] = round(time.perf_counter() - began, 4)
            return found | {"sql": engine.sql(kept)} if sql else found
        except Refused as error:
            return {"rule": file, "error": str(error)}
        except engine.Failed as error:
            why = str(error).splitlines()[0]
            return {"rule": file, "error": _("The engine could not count it: %(why)s") % {"why": why}}

    def _kept(self, file: str, dataset: str, model: schema.DataModel, now: datetime) -> Table:
        ctx = rules.RuleContext(model, now, settings.TIME_ZONE)
        return rules.keep(model.table(dataset), read(file, dataset), dataset, ctx)


def _line(entry: dict[str, Any]) -> str:
    if "error" in entry:
        return f"{entry['rule']}: {entry['error']}"
    line = f"{entry['rule']}: {entry['count']:,} ({entry['seconds']:.3f} s)"
    return f"{line}\n{entry['sql']}" if "sql" in entry else line
