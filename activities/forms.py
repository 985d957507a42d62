"""Settings forms: what a node may be told, and the place where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, ClassVar

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from orchcamp.datasets.schema import ColumnShape, DataModel


@dataclass(frozen=True)
class Scope:
    """The place where a node stands: what its form may offer, and what its rules may ask."""

    model: DataModel
    dimension: str = ""  # of the population that arrives; "" while none does
    columns: Mapping[str, ColumnShape] = field(default_factory=dict)  # that nodes added, beside the dimension's
    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    timezone: str = "UTC"
    variables: Mapping[str, Any] = field(default_factory=dict)
    choices: Mapping[str, list[tuple[Any, Any]]] = field(default_factory=dict)  # what the application offers
    missing: str = ""  # why there are no columns, in one sentence
    sets: Mapping[str, Scope] = field(default_factory=dict)  # "node:port" of each set that arrives -> its own place
    other: Scope | None = None  # of the rows that those here are held against
    rows: str = ""  # lake path of what arrived in the last run, while that still holds
    carried: Mapping[str, tuple[int, bool]] = field(default_factory=dict)  # port -> rows in the last run, and whether
    # something has changed since; "" is what arrived

    @property
    def fields(self) -> dict[str, ColumnShape]:
        """Every column of a row that arrives; one that a node added goes before the dimension's."""
        own = self.model.datasets[self.dimension].columns if self.dimension in self.model.datasets else {}
        return {**own, **self.columns}

    def of_set(self, named: Any) -> Scope | None:
        """The place of one of several sets, as ``{"node": …, "port": …}``; None is the first. None when it is not here."""
        if not named:
            return next(iter(self.sets.values()), None)
        return self.sets.get(f"{named.get('node')}:{named.get('port')}" if isinstance(named, Mapping) else str(named))

    def beside(self, named: Any) -> Scope:
        """The same place, where rows of the sets are held against those of one of them."""
        return replace(self, other=self.of_set(named))

    def against(self, named: Any) -> Scope:
        """The place of one of the sets, held against what this place is held against; nowhere when none is named."""
        found = self.of_set(named) if named else None
        return replace(found, other=self.other) if found else replace(NOWHERE, other=self.other)

    def facing(self, dimension: str) -> Scope:
        """The same place, where its rows are held against those of a dataset."""
        return replace(self, other=self.within(dimension) if dimension in self.model.datasets else None)

    def within(self, dimension: str) -> Scope:
        """The same place for rules about all rows of a dataset."""
        return replace(self, dimension=dimension if dimension in self.model.datasets else "", columns={}, rows="")


NOWHERE = Scope(DataModel({}))


class SettingsForm(forms.Form):
    """Cleans the settings of one node to JSON, and accepts that JSON again.

    ``draft`` drops nothing but "required", so that a half-done node can be kept. Settings from JSON (a plain
    mapping) may leave out what has a default; an unknown name is refused unless it is a draft.
    """

    template: ClassVar[str] = "activities/_settings.html"
    shown_for: ClassVar[
        Mapping[str, str]
    ] = {}  # field -> "type=percent type=number": those values of others that ask it
    needs_audience: ClassVar[bool] = True  # whether there is nothing to choose until an audience arrives
    use_required_attribute = False

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        scope: Scope = NOWHERE,
        initial: Mapping[str, Any] | None = None,
        draft: bool = False,
        prefix: str | None = None,
    ):
        posted = isinstance(data, MultiValueDict)
        given = data if posted or data is None else dict(data)
        super().__init__(given, initial=dict(initial or {}), prefix=prefix, label_suffix="")
        self.scope, self.draft = scope, draft
        self._json = data is not None and not posted
        self._given = set(self.data)
        if self._json:
            initials = {self.add_prefix(name): self.get_initial_for_field(f, name) for name, f in self.fields.items()}
            self.data = {name: default for name, default in initials.items() if default is not None} | dict(self.data)
        bound: Any
        for bound in self.fields.values():
            bound.draft = draft
            bound.required = bound.required and not draft
            bound.scope = self._scope_of(bound)
        for name, pairs in self.shown_for.items():
            bound = self.fields[name]
            bound.shown_for = " ".join(self.add_prefix(pair) for pair in pairs.split())

    def _scope_of(self, bound: forms.Field) -> Scope:
        """A rule may be about the dataset that another field of the form names."""
        if sibling := getattr(bound, "dimension_field", None):
            return self.scope.within(str(self[sibling].value() or ""))
        return self.scope

    @property
    def editing(self) -> bool:
        """Whether a row was added, moved or removed: show the form again, there is nothing to check yet."""
        return any(name.endswith("-edit") for name in self.data)

    @property
    def note(self) -> str:
        """Why the form cannot offer columns here."""
        return self.scope.missing if self.needs_audience else ""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self._json and not self.draft:
            known = {self.add_prefix(name) for name in self.fields}
            start = len(self.add_prefix(""))
            for name in sorted(name[start:] for name in self._given - known):
                sentence = _("Unknown setting “{name}”; there are: {names}.")
                self.add_error(None, sentence.format(name=name, names=", ".join(self.fields) or _("none")))
        return cleaned

    def sentences(self) -> Iterator[str]:
        """Every error as one sentence that names its field."""
        for name, errors in self.errors.items():
            label = "" if name == "__all__" else f"{self.fields[name].label}: "
            yield from (f"{label}{message}" for message in errors)

    @staticmethod
    def new_row(codes: list[str]) -> dict[str, str]:
        """A row to begin with, where the form describes one of several rows with these codes."""
        raise NotImplementedError

    @classmethod
    def fresh(cls, scope: Scope = NOWHERE) -> dict[str, Any]:
        """The settings of a node that was just put on the canvas."""
        form = cls({}, scope=scope, draft=True)
        form.is_valid()
        return form.cleaned_data
