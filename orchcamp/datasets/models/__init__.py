"""Customer data, predefined filters and saved audiences as the control plane knows them."""

from __future__ import annotations

from .audience import Audience, AudienceVersion
from .data import Column, Dataset, Link, Load, Snapshot
from .filter import AttributeMark, FilterRevision, PredefinedFilter
from .permissions import AudienceGroupPermission, AudienceUserPermission

__all__ = [
    "AttributeMark",
    "Audience",
    "AudienceGroupPermission",
    "AudienceUserPermission",
    "AudienceVersion",
    "Column",
    "Dataset",
    "FilterRevision",
    "Link",
    "Load",
    "PredefinedFilter",
    "Snapshot",
]
