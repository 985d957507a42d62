"""Files that people write in JSON or YAML."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml
from django.utils.translation import gettext as _

from .errors import Refused

MAX_BYTES = 20_000_000
PATTERNS = {  # of YAML 1.1 without “on”, “off” and numbers to the base of sixty: 10:00 is a time of day
    "tag:yaml.org,2002:bool": re.compile(r"(yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE)$"),
    "tag:yaml.org,2002:int": re.compile(r"[-+]?(0b[01_]+|0[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)$"),
}


class BadDocument(Refused):
    """A file that cannot be read as JSON or YAML; the sentence names the file and the line."""


class TextualDates(yaml.SafeLoader):
    """YAML whose dates and times of day stay texts, as they are in JSON, and whose “on” is a word, not “true”.

    Without aliases: nine lines of them can stand for billions.
    """

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):  # type: ignore[no-untyped-call]
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, _("an alias stands here; write its value out"), mark)
        return super().compose_node(parent, index)


def each_once(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    """An object of YAML; a key that is written twice is refused, where YAML would silently take the last."""
    seen: set[Any] = set()
    for key, _value in node.value:
        name = loader.construct_object(key)  # type: ignore[no-untyped-call]
        if not isinstance(name, str | int | float | bool | None):
            raise yaml.constructor.ConstructorError(None, None, _("a name must be plain text"), key.start_mark)
        if name in seen:
            sentence = _("“%(name)s” is written twice") % {"name": name}
            raise yaml.constructor.ConstructorError(None, None, sentence, key.start_mark)
        seen.add(name)
    return dict(loader.construct_mapping(node, deep=True))


TextualDates.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, each_once)

TextualDates.yaml_implicit_resolvers = {
    first: [(tag, PATTERNS.get(tag, pattern)) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(path: Path) -> Any:
    """The document of a JSON or YAML file. Raises BadDocument."""
    return from_text(_text(path), path, as_yaml=path.suffix.lower() in {".yaml", ".yml"})


def from_text(text: str, path: Path | str, *, as_yaml: bool = False) -> Any:
    """The document of a text; ``path`` is what the sentences call it. Raises BadDocument."""
    try:
        if as_yaml:
            return _sound(yaml.load(text, Loader=TextualDates), path)  # noqa: S506 - a safe loader
        return _sound(json.loads(text, parse_constant=_no_constant, object_pairs_hook=_once), path)
    except json.JSONDecodeError as error:
        place = {"file": path, "line": error.lineno, "column": error.colno, "why": error.msg}
        raise BadDocument(_("%(file)s, line %(line)s, column %(column)s: not JSON (%(why)s).") % place) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = {"file": path, "line": mark.line + 1 if mark else 1, "why": getattr(error, "problem", "") or "syntax"}
        raise BadDocument(_("%(file)s, line %(line)s: not YAML (%(why)s).") % place) from None
    except RecursionError:
        raise BadDocument(_("%(file)s is nested too deeply.") % {"file": path}) from None
    except ValueError:  # a number of more digits than Python reads
        raise BadDocument(_("%(file)s holds a number or date that cannot be read.") % {"file": path}) from None


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadDocument(_("%(file)s is larger than %(n)s MB.") % {"file": path, "n": MAX_BYTES // 1_000_000})
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadDocument(_("%(file)s cannot be read: %(why)s.") % {"file": path, "why": error.strerror}) from None
    except UnicodeDecodeError:
        raise BadDocument(_("%(file)s is not a text in UTF-8; save it as UTF-8.") % {"file": path}) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _value in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise BadDocument(_("The key “%(name)s” stands twice in one object.") % {"name": double})
    return found


def _sound(document: Any, path: Path | str) -> Any:
    """The document, if a database can hold it: no endless number, no broken character, every name a text."""
    try:
        text = json.dumps(document, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (ValueError, TypeError):
        raise BadDocument(
            _("%(file)s holds a number, a character or a value that JSON cannot hold.") % {"file": path}
        ) from None
    if "\\u0000" in text:
        raise BadDocument(_("%(file)s holds a zero character.") % {"file": path})
    return document


def _no_constant(name: str) -> Any:
    raise BadDocument(_("The file holds %(name)s, which is not a JSON number.") % {"name": name})
