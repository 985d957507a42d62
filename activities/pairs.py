"""A field for pairs of texts: a line each in the panel, a list of objects in the settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _

MAX_PAIRS = 500


class PairsField(forms.Field):
    """``M = male`` a line; ``[{"from": "M", "to": "male"}]`` as JSON, by the two names that are given."""

    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false"})

    def __init__(self, first: str = "from", second: str = "to", **options: Any):
        self.first, self.second = first, second
        super().__init__(**options)

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list | tuple):
            return value
        pairs = [item for item in value if isinstance(item, Mapping)]
        return "\n".join(f"{pair.get(self.first, '')} = {pair.get(self.second, '')}" for pair in pairs)

    def to_python(self, value: Any) -> list[dict[str, str]]:
        if not value:
            return []
        pairs = self._lines(value) if isinstance(value, str) else self._objects(value)
        if len(pairs) > MAX_PAIRS:
            raise forms.ValidationError(
                _("There are {n} pairs; at most {most} fit.").format(n=len(pairs), most=MAX_PAIRS)
            )
        firsts = [pair[self.first] for pair in pairs]
        if twice := next((first for first in firsts if firsts.count(first) > 1), None):
            raise forms.ValidationError(_("“{name}” stands twice on the left.").format(name=twice))
        return pairs

    def _lines(self, text: str) -> list[dict[str, str]]:
        pairs = []
        for line in filter(str.strip, text.splitlines()):
            left, sign, right = line.partition("=")
            if not sign or not left.strip():
                raise forms.ValidationError(_("Write “old = new”, one a line: “{line}” is not.").format(line=line[:60]))
            pairs.append({self.first: left.strip(), self.second: right.strip()})
        return pairs

    def _objects(self, value: Any) -> list[dict[str, str]]:
        names = {self.first, self.second}
        sound = isinstance(value, list | tuple) and all(
            isinstance(item, Mapping) and set(item) == names and all(isinstance(each, str) for each in item.values())
            for item in value
        )
        if not sound or not all(item[self.first] for item in value):
            sentence = _("Give a list of objects with “{first}” and “{second}”, both texts.")
            raise forms.ValidationError(sentence.format(first=self.first, second=self.second))
        return [{self.first: item[self.first], self.second: item[self.second]} for item in value]
