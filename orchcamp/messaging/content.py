"""The content of a message: written as MJML or HTML, checked against columns, rendered for one recipient.

Templates are minijinja's, with fuel and size limits. They see plain values only (text, numbers, yes or no), because
the language would read attributes and call methods of anything else. An empty cell is not there at all:
``{{ name|default("customer") }}`` and ``{% if name %}`` work, a bare ``{{ name }}`` is an error of that one recipient.
The columns of a collected collection, ``item1_price``, ``item2_price``, …, are also a list: ``{% for i in item %}``.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache, cached_property
from typing import Any

from django.utils import dateformat
from minijinja import Environment, TemplateError

from orchcamp.web.errors import Refused

from . import markup

FUEL = 200_000
MAX_TEMPLATE = 256 * 1024
MAX_OUTPUT = 2 * 1024 * 1024
MAX_SUBJECT = 800
MAX_PHRASE = 16 * 1024
UNSUBSCRIBE = "unsubscribe_url"
VARIABLES = "variables"
PROVIDED = frozenset({UNSUBSCRIBE})
_BREAKS = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]+")
_FILTER = re.compile(r"\|\s*([A-Za-z_]\w*)")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_FOOTER = (
    '<div style="padding:16px;text-align:center;font-family:Arial,sans-serif;font-size:12px;color:#6b7280">'
    '<a href="{{ unsubscribe_url|safe }}" style="color:#6b7280">Unsubscribe</a></div>'
)
_TEXT_FOOTER = "\n\n-- \nUnsubscribe: {{ unsubscribe_url }}\n"
_PREHEADER = (
    '<div style="display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;opacity:0;overflow:hidden">'
    "{{ __preheader }}</div>"
)


class ContentError(Refused):
    """Content that no recipient could get."""


class RenderError(Refused):
    """Content that this one recipient cannot get: a field is empty, or the result too large."""


def plain(value: Any) -> Any:
    """A cell as a value that templates may see; None when it is empty."""
    if value is None or isinstance(value, str | bool | int):
        return value if value != "" else None
    if isinstance(value, Decimal | float):
        return int(value) if value == value and abs(value) < 1e15 and value == int(value) else float(value)
    if isinstance(value, datetime):
        return value.isoformat(" ", "minutes")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def context(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a template sees of a row: empty cells are left out; a dotted name is a column of a linked row."""
    values: dict[str, Any] = {}
    for name, cell in row.items():
        *links, last = name.split(".")
        place = values
        for link in links:
            step = place.setdefault(link, {})
            place = step if isinstance(step, dict) else {}
        if (value := plain(cell)) is not None:
            place[last] = value
    return values


def numbered(name: str, columns: Iterable[str]) -> dict[str, tuple[int, str]]:
    """The columns that are the list ``name``: ``name1_price`` is the price of its first item."""
    pattern = re.compile(re.escape(name) + r"([1-9]\d{0,2})_(.+)", re.DOTALL)
    return {column: (int(match[1]), match[2]) for column in columns if (match := pattern.fullmatch(column))}


def read(fields: Collection[str], given: Collection[str]) -> set[str]:
    """Those of the given columns that a message with these fields reads."""
    found = set(fields) & set(given)
    return found.union(*(numbered(name, given) for name in set(fields) - found))


def with_lists(row: Mapping[str, Any], fields: Collection[str]) -> dict[str, Any]:
    """What a template with these fields sees of a row, its lists among it."""
    values, found = context(row), {name: numbered(name, row) for name in fields if name not in row}
    return values | {name: _items(values, columns) for name, columns in found.items() if columns}


def _items(values: Mapping[str, Any], columns: Mapping[str, tuple[int, str]]) -> list[dict[str, Any]]:
    """A list of a row's: an item that is empty altogether is not there."""
    found: dict[int, dict[str, Any]] = {}
    for column, (place, name) in columns.items():
        if column in values:
            found.setdefault(place, {})[name] = values[column]
    return [found[place] for place in sorted(found)]


def _date(value: Any, pattern: str = "j F Y") -> str:
    return dateformat.format(datetime.fromisoformat(str(value)), pattern)


def _number(value: Any, places: int = 0) -> str:
    return f"{float(value):,.{max(0, min(int(places), 10))}f}"


@dataclass(frozen=True)
class Content:
    """What a person wrote; the same settings give the same message for ever."""

    subject: str = ""
    preheader: str = ""
    format: str = "html"
    body: str = ""
    text: str = ""
    category: str = "marketing"
    track_opens: bool = False
    track_clicks: bool = False
    variables: Mapping[str, Any] = field(default_factory=dict, compare=False)  # of the run, as templates see them

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Content:
        """From the settings of an email node; what is missing is empty."""
        texts = {name: str(settings.get(name) or "") for name in ("subject", "preheader", "body", "text")}
        return cls(
            **texts,
            format=str(settings.get("format") or format_of(texts["body"])),
            category=str(settings.get("category") or "marketing"),
            track_opens=bool(settings.get("track_opens")),
            track_clicks=bool(settings.get("track_clicks")),
            variables=dict(settings.get(VARIABLES) or {}),
        )

    @property
    def sources(self) -> dict[str, str]:
        return {"subject": self.subject, "preheader": self.preheader, "body": self.body, "text": self.text}

    @cached_property
    def names(self) -> set[str]:
        """Everything that the content asks for, those names left out that the application provides."""
        return set().union(*(_names(source) for source in self.sources.values())) - PROVIDED

    @property
    def fields(self) -> set[str]:
        """The columns that the content asks for; dotted ones lie over links."""
        return {name for name in self.names if not is_variable(name)}

    def problems(self, columns: set[str]) -> list[str]:
        """What keeps it from being sent to rows with these columns."""
        return problems(self, columns)

    def columns(self, given: Collection[str]) -> set[str]:
        """Those of the given columns that it reads: fields, and the items of lists that it loops over."""
        return read(self.fields, given)

    @property
    def marketing(self) -> bool:
        return self.category != "transactional"


def is_variable(name: str) -> bool:
    """Whether a template's name is about the campaign's variables, not about a column."""
    return name == VARIABLES or name.startswith(f"{VARIABLES}.")


def format_of(body: Any) -> str:
    """The format of a body where nobody named it: MJML says so itself."""
    return "mjml" if isinstance(body, str) and body.lstrip().lower().startswith("<mjml") else "html"


def _names(source: str) -> set[str]:
    """The names that a template asks for; those of a linked row are dotted (``household.first_name``)."""
    try:
        return set(Environment().undeclared_variables_in_str(source, nested=True))
    except TemplateError:
        return set()


@dataclass(frozen=True, slots=True)
class Rendered:
    subject: str
    html: str
    text: str
    preheader: str = ""


def _environment() -> Environment:
    made = Environment(
        undefined_behavior="semi_strict",
        fuel=FUEL,
        keep_trailing_newline=True,
        auto_escape_callback=lambda name: name.endswith(".html"),
    )
    made.add_filter("date", _date)
    made.add_filter("number", _number)
    return made


class Compiled:
    """Content made ready once, rendered many times."""

    def __init__(self, content: Content):
        self.content = content
        html, text = _bodies(content)
        self._environment = _environment()
        self._looked_up: tuple[set[str], dict[str, dict[str, tuple[int, str]]]] | None = None
        parts = {
            "subject.txt": content.subject,
            "preheader.txt": content.preheader,
            "body.html": html,
            "body.txt": text,
        }
        for name, source in parts.items():
            if len(source.encode()) > 2 * MAX_TEMPLATE:
                raise ContentError("The body becomes larger than 512 KB of HTML; make it smaller.")
            try:
                self._environment.add_template(name, source)
            except TemplateError as error:
                raise ContentError(_syntax_sentence(error)) from None
        self._plain_subject = content.subject if not markup.TAG.search(content.subject) else None

    def render(self, row: Mapping[str, Any]) -> Rendered:
        """The message for one row. Raises RenderError with the reason."""
        values = {**context(row), VARIABLES: dict(self.content.variables)}
        values |= {name: _items(values, columns) for name, columns in self._lists(row).items()}
        subject = self._plain_subject or self._part("subject.txt", values)
        subject = _BREAKS.sub(" ", subject).strip()
        if not subject:
            raise RenderError("The subject is empty.")
        if len(subject) > MAX_SUBJECT:
            raise RenderError(f"The subject has more than {MAX_SUBJECT} characters.")
        preheader = ""
        if self.content.preheader:
            preheader = values["__preheader"] = _BREAKS.sub(" ", self._part("preheader.txt", values))
        html = self._part("body.html", values).replace("&#x2f;", "/")  # escaped for old browsers' sake; odd in links
        return Rendered(subject, html, self._part("body.txt", values), preheader)

    def _lists(self, row: Mapping[str, Any]) -> dict[str, dict[str, tuple[int, str]]]:
        """The lists that it loops over; the rows of a delivery have the same columns, so they are looked up once."""
        if self._looked_up is None or self._looked_up[0] != row.keys():
            found = {name: numbered(name, row) for name in self.content.fields if name not in row}
            self._looked_up = (set(row), {name: columns for name, columns in found.items() if columns})
        return self._looked_up[1]

    def _part(self, name: str, values: dict[str, Any]) -> str:
        try:
            result = self._environment.render_template(name, **values)
        except TemplateError as error:
            raise RenderError(_render_sentence(error)) from None
        except (ValueError, TypeError, OverflowError) as error:
            raise RenderError(f"A filter could not work with the value: {error}.") from None
        if len(result) > MAX_OUTPUT:
            raise RenderError("The message becomes larger than 2 MB.")
        return result


def _bodies(content: Content) -> tuple[str, str]:
    """The templates of the HTML and of the text part, with preheader and footer put in."""
    for name, source in content.sources.items():
        if len(source.encode()) > MAX_TEMPLATE:
            raise ContentError(f"The {name} is larger than 256 KB; make it smaller.")
        _check_syntax(name, source)
    if not content.body.strip():
        raise ContentError("The body is empty; write it as MJML or HTML.")
    html = markup.mjml_to_html(content.body) if content.format == "mjml" else content.body
    text = content.text.strip() or markup.html_to_text(html)
    if content.marketing:
        if UNSUBSCRIBE not in _names(html):
            html = _before_end(html, _FOOTER)
        if UNSUBSCRIBE not in _names(text):
            text += _TEXT_FOOTER
    if content.preheader:
        start = _BODY.search(html)
        place = start.end() if start else 0
        html = html[:place] + _PREHEADER + html[place:]
    return html, text


def _before_end(html: str, addition: str) -> str:
    place = html.lower().rfind("</body>")
    return html + addition if place < 0 else html[:place] + addition + html[place:]


def _check_syntax(name: str, source: str) -> None:
    try:
        Environment(fuel=FUEL).add_template(name, source)
    except TemplateError as error:
        raise ContentError(f"{name.capitalize()}: {_syntax_sentence(error)}") from None
    for tag in markup.TAG.finditer(source):
        for found in _FILTER.finditer(_QUOTED.sub('""', tag[0])):
            if not tag[0].startswith("{#") and not _is_filter(found[1]):
                line = source.count("\n", 0, tag.start()) + 1
                raise ContentError(f"{name.capitalize()}: line {line}: there is no filter “{found[1]}”.")


@cache
def _is_filter(name: str) -> bool:
    """The language looks a filter up only when it comes to it; a person should hear of it earlier."""
    try:
        _environment().render_str(f"{{{{ 1|{name} }}}}")
    except TemplateError as error:
        return error.kind != "UnknownFilter"
    except (ValueError, TypeError):
        pass
    return True


def _syntax_sentence(error: TemplateError) -> str:
    return f"line {error.line or 1}: {error.detail or 'the template cannot be read'}."


def _render_sentence(error: TemplateError) -> str:
    if error.kind == "UndefinedError" and (found := re.search(r"`([\w.]+)` is undefined", str(error.detail or ""))):
        name = found[1]
        return f"“{name}” is empty; write {{{{ {name}|default('…') }}}} to say what stands there then."
    if error.kind == "OutOfFuel":
        return "The template works for too long; take a loop out of it."
    return f"The template cannot be rendered: {error.detail or error.kind}."


def phrase(source: str, values: Mapping[str, Any]) -> str:
    """A short text with fields that is no message: a file name, an alert. Raises ContentError or RenderError."""
    check_phrase(source)
    made = _environment()
    try:
        made.add_template("phrase.txt", source)
        return made.render_template("phrase.txt", **values)
    except TemplateError as error:
        raise RenderError(_render_sentence(error)) from None
    except (ValueError, TypeError, OverflowError) as error:
        raise RenderError(f"A filter could not work with the value: {error}.") from None


def check_phrase(source: str) -> set[str]:
    """The names that a short text asks for. Raises ContentError whose sentence names the line."""
    if len(source.encode()) > MAX_PHRASE:
        raise ContentError("The text is larger than 16 KB; make it shorter.")
    _check_syntax("text", source)
    return _names(source)


def compile(content: Content) -> Compiled:  # the word of the trade; the builtin is not needed here
    """Check and prepare content. Raises ContentError whose sentence names the line."""
    try:
        return Compiled(content)
    except markup.MarkupError as error:
        raise ContentError(f"Body: {error}") from None


def problems(content: Content, columns: set[str]) -> list[str]:
    """What keeps this content from being sent to rows with these columns."""
    found = []
    if not content.subject.strip():
        found.append("The subject is empty.")
    try:
        compile(content)
    except ContentError as error:
        found.append(str(error))
    known = columns | known_variables(content.variables)
    for name in sorted(name for name in content.names - known if not numbered(name, columns)):
        found.append(_unknown(name, content.sources, known))
    return found


def known_variables(values: Iterable[str]) -> set[str]:
    """The names that a template may ask for because of the campaign's variables."""
    return {VARIABLES, *(f"{VARIABLES}.{name}" for name in values)}


def _unknown(name: str, sources: Mapping[str, str], columns: set[str]) -> str:
    near = difflib.get_close_matches(name, columns, n=1)
    hint = f" Did you mean “{near[0]}”?" if near else ""
    for part, source in sources.items():
        for tag in markup.TAG.finditer(source):
            if re.search(rf"\b{re.escape(name)}\b", tag[0]):
                line = source.count("\n", 0, tag.start()) + 1
                return f"{part.capitalize()}, line {line}: there is no field “{name}” here.{hint}"
    return f"There is no field “{name}” here.{hint}"
