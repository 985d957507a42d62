"""What a rule is read against, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from orchcamp.web.errors import Refused

from ..schema import ColumnShape, DataModel


class RuleError(Refused):
    """A rule that cannot be used: the place in the tree, what is wrong there, and the mend."""

    def __init__(self, place: str, sentence: str):
        self.place, self.sentence = place, sentence
        super().__init__(f"{place}: {sentence}" if place else sentence)


@dataclass(frozen=True)
class Parameter:
    """What a predefined filter's parameter stands for in one use of it."""

    type: str  # a key of reuse.PARAMETERS
    value: Any  # as JSON
    shown: str = ""  # how it is said, when not as its value


@dataclass(frozen=True)
class RuleContext:
    """The model, the moment and the zone that moving dates are reckoned in, and the campaign's variables."""

    model: DataModel
    now: datetime
    timezone: str = "UTC"
    variables: Mapping[str, Any] = field(default_factory=dict)
    columns: Mapping[str, ColumnShape] = field(default_factory=dict)  # that the table carries beside the dataset's
    parameters: Mapping[str, Parameter] | None = None  # within a predefined filter: what it was given
    within: tuple[str, ...] = ()  # slugs of the filters that the rule is read through

    @property
    def zone(self) -> ZoneInfo:
        """The zone of moving dates and periods."""
        return ZoneInfo(self.timezone)

    @property
    def home(self) -> ZoneInfo:
        """The project's zone: where a date beside a datetime has its midnight."""
        return ZoneInfo(settings.TIME_ZONE)
