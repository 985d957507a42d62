"""The time zones that a form offers."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones


def zones() -> list[tuple[str, Any]]:
    """The time zones, by region."""
    regions: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(available_timezones()):
        region, _slash, city = name.partition("/")
        if city and region not in {"Etc", "SystemV", "US", "posix", "right"}:
            regions.setdefault(region, []).append((name, city.replace("_", " ").replace("/", " – ")))
    return [("UTC", "UTC"), *regions.items()]
