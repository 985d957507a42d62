"""Values for other programs: ciphers, and objects as JSON."""

from __future__ import annotations

import json
from functools import reduce
from typing import TYPE_CHECKING

import ibis
from django.utils.translation import gettext as sentence
from django.utils.translation import gettext_lazy as _
from ibis.expr.types import Value

from ... import engine
from ..building import Building, constant
from ..registry import Parameter, function
from ..syntax import Place
from ..typed import Constant, Typed
from .others import ANY, as_text

if TYPE_CHECKING:
    from ..checking import Checker

ESCAPED = ("\\", '"', *map(chr, range(1, 32)))  # in this order: a backslash that another brings along stays one


def text(value: str) -> Value:
    return constant(value, "string")


@function(
    "AESEncrypt", "other", [("value", "string")], "string",
    _("The text as AES (256 bits, CBC) makes it unreadable without this installation's secret key, in hexadecimal digits; "
      "the same text gives the same."),
    "Length(AESEncrypt([city]))", 64,
)  # fmt: skip
def aes_encrypt(_building: Building, value: Value) -> Value:
    return engine.encrypted(value)


def _pairs(_checker: Checker, arguments: list[Typed], place: Place) -> tuple[list[Typed], str]:
    """Names and values in turn, each name once and written out."""
    from ..checking import problem

    if len(arguments) % 2:
        raise problem(place, sentence("ObjectConstruct takes a value for each name: ObjectConstruct('city', [city])."))
    seen: set[str] = set()
    for name in arguments[::2]:
        if not isinstance(name, Constant) or not isinstance(name.value, str):
            raise problem(name.place, sentence("A name of an object is a text that is written out, such as 'city'."))
        if name.value in seen:
            raise problem(name.place, sentence("The name “%(name)s” is there twice."), name=name.value[:60])
        seen.add(name.value)
    return arguments, "string"


@function(
    "ObjectConstruct", "other",
    [Parameter("name", "string"), Parameter("value", ANY), Parameter("…", ANY, optional=True, repeats=True)], "string",
    _("An object of names and values, as a JSON text; what is null is left out."),
    "ObjectConstruct('city', [city], 'age', [age], 'note', [note])", '{"city":"Paris","age":36}', settle=_pairs,
)  # fmt: skip
def object_construct(building: Building, *given: Value | None) -> Value:
    parts = [part for part in given if part is not None]
    found = []
    for name, value in zip(parts[::2], parts[1::2], strict=True):
        beginning = text("," + json.dumps(name.op().value, ensure_ascii=False) + ":")
        found.append((beginning + _written(building, value)).fill_null(""))
    return text("{") + reduce(lambda left, right: left + right, found).substr(1) + text("}")


def _written(building: Building, value: Value) -> Value:
    """A value as JSON writes it; null where there is none."""
    kind, said = value.type(), building.keep(as_text(building, value))
    if kind.is_boolean() or kind.is_numeric():
        return said
    if not kind.is_string():
        return text('"') + said + text('"')
    odd = reduce(lambda found, mark: found.replace(mark, json.dumps(mark)[1:-1]), ESCAPED, said)
    return text('"') + building.keep(ibis.ifelse(said.re_search(r'[\x01-\x1F"\\]'), odd, said)) + text('"')
