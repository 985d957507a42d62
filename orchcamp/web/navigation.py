"""What the shell shows around every page."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def context(request: HttpRequest) -> dict[str, object]:
    return {"demo": settings.DEMO}
