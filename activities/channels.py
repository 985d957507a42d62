"""What the channels share: where the address stands, who gets a message, and what is said about both."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orchcamp.messaging import content, transports
from orchcamp.messaging.models import Channel as Kind

from . import reach, wording
from .base import Channel, Finding
from .fields import ColumnField, OfferedField
from .forms import Scope, SettingsForm

FIRST = re.compile(r"(.*[A-Za-z_])1_.+")  # purchases1_amount: a column of the first row of a collection


class AddressField(ColumnField):
    """A column with the address of each row, or a path to one over to-one links."""

    def offered(self, scope: Scope) -> list[tuple[Any, Any]] | None:
        own = super().offered(scope)
        if own is None:
            return None
        paths = reach.offered(scope.model, scope.dimension).items()
        return [*own, *((path, path) for path, shape in paths if shape.type == "string")]

    def validate(self, value: str) -> None:
        if not (value and reach.column(self.scope.model, self.scope.dimension, value)):
            super().validate(value)


def configuration_field(channel: str, help_text: Any) -> OfferedField:
    """The channel configuration that sends the message."""
    return OfferedField(
        "configurations" if channel == "email" else f"configurations_{channel}",
        label=gettext_lazy("Channel configuration"),
        help_text=help_text,
        error_messages={"required": gettext_lazy("Choose the channel configuration that sends it.")},
    )


def category_field() -> forms.ChoiceField:
    """Whether consent is asked."""
    return forms.ChoiceField(
        label=gettext_lazy("Category"),
        choices=[("marketing", gettext_lazy("Marketing")), ("transactional", gettext_lazy("Transactional"))],
        initial="marketing",
        help_text=gettext_lazy("Marketing goes only to those who consented; transactional to everyone not suppressed."),
    )


def one_per_address_field() -> forms.BooleanField:
    """Whether rows that share an address get one message."""
    return forms.BooleanField(
        label=gettext_lazy("One message per address"),
        help_text=gettext_lazy("Rows that share an address get one message; the others are counted as duplicates."),
        initial=True,
        required=False,
    )


def placeholders(form: SettingsForm) -> list[dict[str, str]]:
    """The fields that a message may hold, as they are written: columns, those of linked rows, variables."""
    scope = form.scope
    shapes = {**scope.fields, **reach.offered(scope.model, scope.dimension)}
    found = [{"name": name, "label": shape.label, "code": f"{{{{ {name} }}}}"} for name, shape in shapes.items()]
    found += [{"name": name, "label": _("Its rows, one after the other"), "code": code} for name, code in loops(shapes)]
    names = [f"{wording.VARIABLES}.{name}" for name in sorted(scope.variables)]
    return found + [{"name": name, "label": _("Variable"), "code": f"{{{{ {name} }}}}"} for name in names]


def loops(names: Collection[str]) -> list[tuple[str, str]]:
    """The collections that an enrichment laid side by side, and how a message goes through each."""
    found = []
    for name in dict.fromkeys(match[1] for one in names if (match := FIRST.fullmatch(one))):
        columns = dict.fromkeys(column for _place, column in content.numbered(name, names).values())
        items = " ".join(f"{{{{ item.{column} }}}}" for column in columns)
        found.append((name, f"{{% for item in {name} %}}{items}{{% endfor %}}"))
    return found


def findings(activity: Channel, scope: Scope) -> Iterable[Finding]:
    """What the alerts panel says of a channel: its address, its fields, whether it can be sent at all."""
    if not scope.dimension:
        return
    label = dict(Kind.choices)[activity.channel]
    if not activity.address(scope.model, scope.dimension):
        sentence = _("“{dimension}” has no address column for {channel}; choose the address column here.")
        dimension = scope.model.dataset(scope.dimension).label
        yield Finding("error", sentence.format(dimension=dimension, channel=str(label).lower()))
    message = activity.message(wording.tried(scope.variables))
    columns = set(scope.fields)
    for sentence in message.problems(columns | reach.known(scope.model, scope.dimension, message.fields)):
        yield Finding("error", sentence)
    if activity.channel not in transports.CHANNELS:
        sentence = _("This version has no transport for {channel}: who would get it is planned, nothing is sent.")
        yield Finding("warning", sentence.format(channel=str(label).lower()))
