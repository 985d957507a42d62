"""How two runs are put beside each other, and why a sending waits."""

from __future__ import annotations

from django import template

from campaigns.approvals import deviation
from campaigns.comparing import Comparison
from campaigns.models import Run
from campaigns.progress import Sending
from orchcamp.web.templatetags.ui import NOTHING, percent, thousands

register = template.Library()


@register.filter
def both(comparison: Comparison) -> list[Run]:
    return [comparison.a, comparison.b]


@register.filter
def signed(number: float | None) -> str:
    """+1,200, −30, 0; a dash for nothing."""
    if number is None:
        return NOTHING
    return f"{_sign(number)}{thousands(abs(number))}"


@register.filter
def signed_percent(rate: float | None) -> str:
    return NOTHING if rate is None else f"{_sign(rate)}{percent(abs(rate))}"


def _sign(number: float) -> str:
    return "+" if number > 0 else "−" if number < 0 else ""


@register.filter
def held(sending: Sending) -> str:
    """Why a sending that waits was not let go as it was approved: its numbers differ too much; empty where they do not."""
    return deviation.of(sending.row, sending.delivery.targeted) if sending.waits and sending.row else ""
